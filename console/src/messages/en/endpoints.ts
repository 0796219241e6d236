import type { EndpointCounts, EndpointState } from "@signalbox/sdk";
import { bytes, decimal, integer, plural } from "../../parts/locale.ts";

export const endpoints = {
  title: "Endpoints",
  lead: (counts: EndpointCounts | undefined) => {
    if (counts === undefined || counts.total === 0) return "The URLs that receive events.";
    const unwell = counts.total - counts.states.healthy;
    const all = plural(counts.total, { one: "# endpoint", other: "# endpoints" });
    const healthy = plural(counts.states.healthy, { one: "# is healthy", other: "# are healthy" });
    return unwell === 0 ? `${all}, all healthy.` : `${all}, of which ${healthy}.`;
  },
  create: "New endpoint",
  name: "Endpoint",
  host: "Host",
  state: "State",
  waiting: "Waiting",
  attempts: "Attempts, 24 h",
  lastSuccess: "Last success",
  types: "Event types",
  allTypes: "all",
  created: "Created",
  search: "Name or URL",
  takes: "Takes events of type",
  stateCount: (state: EndpointState, count: number | undefined) =>
    count === undefined ? state : `${state} (${integer(count)})`,
  noAttempts: "No attempts",
  counts: (ok: number, failed: number) => `${integer(ok)} succeeded, ${integer(failed)} failed`,
  states: {
    healthy: "healthy",
    untried: "not tried yet",
    failing: "failing",
    resting: "resting",
    probing: "probing",
    throttled: "throttled",
    paused: "paused",
    disabled: "disabled",
    no_listener: "nobody listens",
  },
  empty: "No endpoint receives events yet.",
  emptyHint: "Register the URL of your service:",
  pause: "Pause",
  resume: "Resume",
  test: "Send a test",
  done: (count: number) => plural(count, { one: "# endpoint done.", other: "# endpoints done." }),
} as const;

export const endpoint = {
  tabs: {
    overview: "Overview",
    test: "Test",
    settings: "Settings",
    secret: "Secret",
    recover: "Recover",
    log: "Log",
    delete: "Delete",
  },
  logTitle: "Who changed this endpoint",
  deleted: "deleted",
  deletedLead: "This endpoint was deleted. It gets no events, and nothing can be changed. Its history stays.",
  tabsLabel: "Parts of this endpoint",
  noSuch: "endpoint",
  since: "Since",
  healthy: "Healthy: its latest attempt succeeded.",
  unused: "No attempt has been made yet.",
  failing: (count: number) =>
    plural(count, { one: "Its latest attempt failed.", other: "Its latest # attempts failed." }),
  resting: (count: number) =>
    `Rests after ${integer(count)} consecutive failures. When the rest is over, one delivery is tried as a probe.`,
  restUntil: "Rests until",
  probing: "Tries one delivery at a time, until one succeeds.",
  sinceFailure: "No attempt has succeeded since its latest failure.",
  throttled: "Waits, because its receiver asked for that with Retry-After.",
  ordered: "It is ordered, so later deliveries wait behind the one that is to be retried.",
  toRetried: "Show that delivery",
  waitUntil: "Waits until",
  limited: (limit: number) =>
    plural(limit, {
      one: "It gets at most # attempt in a second, until you change that in its",
      other: "It gets at most # attempts in a second, until you change that in its",
    }),
  paused: "Paused: new events are held, in order, and nothing is sent. Nothing resumes it by itself.",
  no_listener: "Nobody listens: new events are held, in order, until somebody does.",
  pausedBy: "Paused by",
  disabled: {
    gone: "Disabled: the receiver answered 410 Gone. It gets no new events.",
    no_success: "Disabled: no attempt succeeded for five days. It gets no new events.",
    manual: "Disabled by a person. It gets no new events.",
  },
  inFlight: "In flight",
  inFlightOf: (inFlight: number, window: number | null, max: number) =>
    window === null || window === max
      ? `${integer(inFlight)} of at most ${integer(max)}`
      : `${integer(inFlight)} of at most ${integer(window)} for now, and ${integer(max)} later`,
  inFlightOrdered: (inFlight: number) => `${integer(inFlight)} (ordered: one at a time)`,
  rate: "Rate",
  rateOf: (rate: number, limit: number | null) =>
    limit === null ? `${decimal(rate)} attempts/s` : `${decimal(rate)} of at most ${integer(limit)} attempts/s`,
  backlog: "Backlog",
  noBacklog: "Nothing waits.",
  waiting: (count: number, more: boolean) =>
    more
      ? `More than ${integer(count)} deliveries wait.`
      : plural(count, { one: "# delivery waits.", other: "# deliveries wait." }),
  oldest: "The oldest was created",
  heldBytes: (count: number) => `${bytes(count)} arrived while it was held.`,
  drains: (perSecond: number) => `${decimal(perSecond)} deliveries end each second.`,
  drainedAt: "At this rate, the backlog ends",
  lastSuccess: "Last success",
  lastFailure: "Last failure",
  never: "never",
  status: (status: number) => `HTTP ${status}`,
  url: "URL",
  types: "Event types",
  format: "Format",
  pause: "Pause",
  resume: "Resume",
  test: "Send a test",
  tested: "The receiver accepted the test.",
  deliveries: "Its deliveries",
  pauseTitle: "Pause this endpoint?",
  pauseText: (inFlight: number) =>
    `New events are held, in their order, and so are the deliveries that wait. Held deliveries do not expire. ${
      inFlight === 0
        ? "No attempt is in flight now."
        : plural(inFlight, { one: "# attempt in flight may finish.", other: "# attempts in flight may finish." })
    }`,
  pauseStays: "Nothing resumes the endpoint by itself: it stays paused until somebody resumes it.",
  resumeTitle: "Resume this endpoint?",
  resumeText: "What waits is sent, oldest first.",
  resumeEstimate: (perSecond: number) => `At most ${decimal(perSecond)} deliveries are sent each second.`,
  rateLimit: "Attempts per second, at most",
  rateLimitHint: "Leave empty for no limit. A limit stays until you change it in the settings of the endpoint.",
  rotateTitle: "Replace the secret",
  rotateHint:
    "Without a secret of your own, the server generates one and shows it once. During the overlap, deliveries carry the signatures of both, so that you can change the receiver in between.",
  ownSecret: "New secret",
  overlap: "Overlap in seconds",
  overlapHint: "0 to 604800. With 0, the old secret stops working at once.",
  rotate: "Replace the secret",
  rotated: "The secret was replaced.",
  secretOnce: "This is the only time that the secret is shown.",
  previousUntil: "Deliveries carry the previous signature too, until",
  noPrevious: "Deliveries carry one signature.",
  recoverTitle: "Send again what failed or was missed",
  recoverHint:
    "Deliveries that ended FAILED or EXPIRED since the time are sent again, and so are events that were missed while the endpoint was disabled.",
  recoverSince: (zone: string) => `Since (${zone})`,
  count: "Count",
  recoverCount: (count: number) =>
    plural(count, { one: "# delivery failed since then.", other: "# deliveries failed since then." }),
  recoverMissed: "Events that it missed while it was disabled come in addition.",
  recover: "Send again",
  recoverStarted: "The job has started.",
  toJob: "Show the job",
  save: "Save the changes",
  saved: "Saved.",
  changes: "Changes",
  noChanges: "Nothing is changed.",
  change: (field: string, before: string, after: string) => `${field}: ${before} becomes ${after}`,
  deleteTitle: "Delete this endpoint",
  deleteText: (waiting: number, inFlight: number) =>
    [
      waiting === 0
        ? "No delivery waits, so none is cancelled."
        : plural(waiting, {
            one: "# delivery that has not ended is cancelled.",
            other: "# deliveries that have not ended are cancelled.",
          }),
      ...(inFlight === 0
        ? []
        : [plural(inFlight, { one: "# attempt in flight may finish.", other: "# attempts in flight may finish." })]),
      "The history stays.",
    ].join(" "),
  delete: "Delete",
} as const;

export const endpointForm = {
  title: "New endpoint",
  lead: "Events that match are sent to this URL.",
  url: "URL",
  urlHint: "Begins with https://, or with http:// if the server allows that.",
  name: "Name",
  nameHint: "Default: the URL's host.",
  description: "Description",
  types: "Event types",
  typesHint: "One on each line: an exact type, or a prefix such as order.*. Empty means all types.",
  format: "Format",
  headers: "Headers",
  headersHint: "Sent with each delivery. One on each line, as Name: value.",
  headersMasked: "Sent with each delivery. The values are hidden, because they may be secrets.",
  showHeaders: "Show the values",
  timeout: "Timeout in seconds",
  retries: "Waits before retries, in seconds",
  retriesHint: (standard: string) => `Separated by commas. Empty means no retries. The default is ${standard}.`,
  rateLimit: "Attempts per second, at most",
  rateLimitHint: "Empty means no limit.",
  maxInFlight: "Attempts at once, at most",
  ordered: "Send one delivery at a time, in the order of the events",
  inOrder: "One delivery at a time",
  yes: "yes",
  no: "no",
  secret: "Secret",
  secretHint: "16 to 512 characters. Without one, the server generates it.",
  create: "Create the endpoint",
  created: "The endpoint was created.",
  toEndpoint: "Show the endpoint",
  secretOnce: "This is its secret. It is not shown again, so store it now.",
  verify: "Verify a delivery",
  program: "Program",
  snippets: { node: "Node", python: "Python", curl: "Try it with curl" },
  snippetHint: "Put the secret into the environment variable WEBHOOK_SECRET of your service.",
  toTest: "Send a test",
  preview: "The request",
  previewFormat: "Show the request as",
  previewText: "Request as it is sent",
  previewHint: 'What your service gets for an event with the payload {"id":1}.',
  signature: "<signature>",
  formatHints: {
    plain: "Plain: the body is the payload itself.",
    standard: "Standard: the envelope of Standard Webhooks.",
    pausepoint: "Pausepoint: compatible with PausePoint receivers.",
    pacspace: "Pacspace: compatible with PacSpace receivers.",
  },
  wouldGet: "What it would get",
} as const;

export const endpointTest = {
  title: "Send a test",
  content: "What to send",
  contents: { test: "The event “test”", own: "An event of your own", latest: "The latest event again" },
  hints: {
    test: "A short message of the type test. Only this endpoint gets it.",
    own: "Any type, whatever the filter of this endpoint. Only this endpoint gets it.",
    latest: "The type and the payload of the latest event, as a new event that only this endpoint gets.",
  },
  type: "Event type",
  latestTypeHint: "Of this type. Empty means the latest event of any type.",
  noneStored: "No event of this type is stored.",
  payload: "Payload",
  send: "Send the test",
  result: "Result",
  toDelivery: "Open the delivery of this test",
} as const;

/** What a filter changes. */
export const filterEffect = {
  wouldMatch: (count: number) =>
    count === 0
      ? "None of the events of the last 24 hours would have matched, if there were any."
      : plural(count, {
          one: "# event of the last 24 hours would have matched:",
          other: "# events of the last 24 hours would have matched:",
        }),
  same: (count: number) =>
    plural(count, {
      one: "The same # event of the last 24 hours would match.",
      other: "The same # events of the last 24 hours would match.",
    }),
  lost: (count: number) =>
    plural(count, {
      one: "# event of the last 24 hours would no longer match:",
      other: "# events of the last 24 hours would no longer match:",
    }),
  gained: (count: number) =>
    plural(count, {
      one: "# event of the last 24 hours would newly match:",
      other: "# events of the last 24 hours would newly match:",
    }),
  typeCount: (type: string, events: number) => `${type} (${integer(events)})`,
  moreTypes: (count: number) => plural(count, { one: "and # more type", other: "and # more types" }),
  incomplete: "The day has more events than a request counts. These are the newest.",
} as const;

import { plural } from "../../parts/locale.ts";

export const events = {
  title: "Events",
  lead: "Everything that was published, newest first.",
  publish: "Publish",
  type: "Type",
  created: "Accepted",
  size: "Payload",
  deliveries: "Deliveries",
  origin: "Origin",
  typeHint: "order.paid or order.*",
  from: "From",
  to: "Until",
  payloadHas: "Text in the payload",
  sourceId: "Source id",
  delivered: "Deliveries",
  undelivered: "without a delivery",
  empty: "No event has been published yet.",
  emptyHint: "Publish one here, or from your service:",
  noneUndelivered: "Every event went to at least one endpoint.",
  fromPause: "a pause",
  fromSource: "an inbound webhook",
  fromApi: "published",
} as const;

export const event = {
  noSuch: "event",
  copyId: "Copy the event's id",
  payload: "Payload",
  payloadAs: "Payload as it was published",
  deliveries: "Deliveries",
  noDeliveries: "No endpoint got this event.",
  notDelivered: "Not delivered to",
  endpoint: "Endpoint",
  state: "State",
  attempts: "Attempts",
  lastError: "Latest error",
  next: "Next attempt",
  attemptCount: (count: number) => plural(count, { one: "# attempt", other: "# attempts" }),
  retryAll: "Retry what failed",
  retryFailed: (count: number) => plural(count, { one: "Retry # failed", other: "Retry # failed" }),
  replay: (count: number) => plural(count, { one: "Replay to # endpoint", other: "Replay to # endpoints" }),
  replayed: (created: number, skipped: number) =>
    skipped === 0
      ? plural(created, { one: "# new delivery was created.", other: "# new deliveries were created." })
      : `${plural(created, { one: "# new delivery was created,", other: "# new deliveries were created," })} ${plural(skipped, { one: "# endpoint was skipped: it is deleted or DISABLED.", other: "# endpoints were skipped: they are deleted or DISABLED." })}`,
  retried: (count: number) =>
    plural(count, { one: "# delivery is queued again.", other: "# deliveries are queued again." }),
  publishAgain: "Publish again",
  addToFilter: "Add to filter",
  addToFilterFor: (type: string, endpoint: string) => `Add to filter of ${endpoint}: ${type}`,
  addToFilterHint: (type: string) =>
    `From now on, the endpoint gets events of the type ${type}. This event is not sent again: publish it again, or send it to this endpoint alone.`,
  added: (type: string) => `The filter has ${type} now.`,
  sendTo: "Send to this endpoint",
  sendToFor: (endpoint: string) => `Send to this endpoint: ${endpoint}`,
  reasons: {
    filter: (type: string) => `${type} matched none of its filters.`,
    disabled: () => "It was DISABLED. Recover the endpoint to deliver what it missed.",
    not_named: () => "The publisher named other endpoints.",
  },
  why: "Why",
  whyFor: (endpoint: string) => `Why ${endpoint} did not get it`,
  fromPause: "About a pause",
  decidedBy: (email: string) => `Decided by ${email}`,
  fromInbound: "From an inbound webhook",
  select: (endpoint: string) => `Select the delivery to ${endpoint}`,
} as const;

export const eventTypes = {
  title: "Event types",
  lead: "The types of the events that the server still has.",
  name: "Type",
  lastSeen: "Last seen",
  firstSeen: "First seen",
  perHour: "In the last hour",
  endpoints: "Endpoints",
  nobody: "none",
  search: "Beginning of the name",
  publish: "Publish",
  publishOne: (type: string) => `Publish an event ${type}`,
  whoFor: (type: string) => `Who would get ${type}?`,
  empty: "No event has been published yet.",
} as const;

export const publish = {
  title: "Publish an event",
  lead: "The endpoints whose filters match get it.",
  type: "Type",
  typeHint: "1 to 128 letters, digits, _, . and -",
  payload: "Payload",
  payloadHint: "A JSON object. Endpoints receive it byte for byte.",
  bytes: (used: string, most: string) => `${used} of ${most}`,
  endpoints: "Endpoints",
  endpointsHint:
    "Ids of endpoints that get the event whatever their filters, one on each line. If this is empty, the filters decide.",
  key: "Idempotency key",
  keyHint: "Sending this form twice publishes the event once.",
  submit: "Publish",
  who: "Who would get it",
  published: (deliveries: number) =>
    plural(deliveries, {
      one: "The event is stored, with # delivery.",
      other: "The event is stored, with # deliveries.",
    }),
  repeated: "This key was used before with the same event, so nothing new was published.",
  open: "Open the event",
  another: "Publish another",
  badType: "must be 1 to 128 letters, digits, _, . and -",
  notJson: "is not valid JSON",
  notObject: "must be a JSON object",
  tooLarge: (over: string) => `is ${over} too large`,
} as const;

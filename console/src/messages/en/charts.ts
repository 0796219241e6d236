import { integer, percent, plural } from "../../parts/locale.ts";

export const charts = {
  asTable: "As table",
  asChart: "As chart",
  showTable: (title: string) => `As table: ${title}`,
  showChart: (title: string) => `As chart: ${title}`,
  at: "Time",
  category: "Kind",
  selectSpan:
    "Drag over a chart to see the deliveries of that time, or the refused requests. The rows of its table are links.",
  span: "Time span",
  spans: { "1h": "1 hour", "24h": "24 hours", "7d": "7 days", "30d": "30 days" },
  title: (hours: number) =>
    hours <= 24
      ? plural(hours, { one: "The last hour", other: "The last # hours" })
      : plural(Math.round(hours / 24), { one: "The last day", other: "The last # days" }),
} as const;

interface Success {
  /** Deliveries that succeeded at their first attempt, of those that had one. */
  readonly firstOk: number;
  readonly begun: number;
  /** Deliveries that succeeded, of those that ended. */
  readonly ok: number;
  readonly ended: number;
}

export const attemptCharts = {
  throughput: "Attempts",
  throughputSays: (ok: number, failed: number) => `${integer(ok)} succeeded and ${integer(failed)} failed.`,
  heldSays: (count: number) =>
    plural(count, {
      one: "# delivery was held, because its endpoint is paused.",
      other: "# deliveries were held, because their endpoints are paused.",
    }),
  since: (time: string) => `Counted since the server started, ${time}.`,
  noAttempts: "There were no attempts.",
  success: "Success",
  successSays: ({ firstOk, begun, ok, ended }: Success) => {
    const first = begun === 0 ? "" : `${percent(firstOk / begun)} of the deliveries succeeded at the first attempt. `;
    const end = ended === 0 ? "None has ended." : `Of those that ended, ${percent(ok / ended)} succeeded.`;
    const trying = Math.max(0, begun - ended);
    return `${first}${end}${trying === 0 ? "" : ` ${plural(trying, { one: "# is still being tried.", other: "# are still being tried." })}`}`;
  },
  first: "at the first attempt",
  inTheEnd: "in the end",
  trying: "still trying",
  latency: "Latency",
  latencySays: (latest: string, slowest: string) =>
    `95% of the latest attempts were answered within ${latest}.${slowest}`,
  age: "Age at delivery",
  ageSays: (latest: string, slowest: string) =>
    `95% of the latest deliveries arrived within ${latest} of their creation.${slowest}`,
  slowest: (at: string, ms: string) => `The slowest time was ${at}: ${ms}.`,
  ageSeries: "95% within",
  failures: "Failed attempts by cause",
  failuresSays: (name: string, count: number, of: number) =>
    `The most frequent cause was “${name}”: ${integer(count)} of ${integer(of)}.`,
  ok: "succeeded",
  failed: "failed",
  held: "held",
  p50: "half within",
  p95: "95% within",
  p99: "99% within",
} as const;

/** The `classification` of an attempt. */
export const classes: Readonly<Record<string, string>> = {
  success: "succeeded",
  http_status: "HTTP status",
  gone: "410 Gone",
  internal_error: "error in the server",
  url_refused: "URL not allowed",
  dns_not_found: "host not found",
  dns_timeout: "DNS timed out",
  dns_error: "DNS failed",
  address_refused: "address not allowed",
  connect_refused: "connection refused",
  connect_timeout: "connecting timed out",
  connect_error: "connecting failed",
  tls_error: "TLS failed",
  reset: "connection reset",
  response_timeout: "response timed out",
  answer_head_too_large: "headers too large",
  protocol_error: "not valid HTTP",
};

export const backlogChart = {
  title: "Backlog",
  says: (most: number, minutes: number, since: string) =>
    `${
      most === 0
        ? "Nothing waited"
        : plural(most, { one: "At most # delivery waited", other: "At most # deliveries waited" })
    } ${plural(minutes, { one: "in the one minute", other: "in the # minutes" })} since ${since}. The server remembers the last 3 hours, and starts over when it restarts.`,
  noSamples: "The server counts what waits once a minute. It has not done so yet since it started.",
  held: "held",
  waiting: "due",
  scheduled: "scheduled",
} as const;

export const latencyChart = {
  title: "Latency by range",
  says: (share: string, of: number) =>
    `${share} of ${plural(of, { one: "# response", other: "# responses" })} came within 100 ms.`,
  count: "responses",
  buckets: {
    "<100ms": "under 100 ms",
    "100-300ms": "100 to 300 ms",
    "300-1000ms": "300 ms to 1 s",
    "1-5s": "1 to 5 s",
    ">5s": "over 5 s",
  } as Readonly<Record<string, string>>,
} as const;

export const inboundChart = {
  title: "Inbound requests",
  says: (valid: number, refused: number) =>
    valid + refused === 0
      ? "No service sent anything."
      : `${integer(valid)} were verified, and ${integer(refused)} refused.`,
  since: (time: string) => `Earlier requests than ${time} are not counted, because there are too many.`,
  quarantine: "What was refused",
  valid: "verified",
  refused: "refused",
} as const;

export const pauseCharts = {
  endings: "Questions",
  endingsSay: (ended: number, decided: number, byDefault: number) =>
    ended === 0
      ? "None of the questions of this time has ended."
      : `People decided ${integer(decided)} of ${plural(ended, { one: "# question", other: "# questions" })}. ${percent(byDefault)} were decided by default.`,
  responded: "decided",
  byDefault: "by default",
  unanswered: "no answer",
  pending: "open",
  time: "Time to decision",
  timeSays: (p50: string, p95: string) => `Half of the latest decisions took at most ${p50}, and 95% at most ${p95}.`,
  p50: "half within",
  p95: "95% within",
} as const;

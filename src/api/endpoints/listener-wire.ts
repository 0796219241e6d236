/** `/v1/listeners` on the wire. */
import Type, { type Static } from "typebox";
import { UNREACHABLE_REASONS, type UnreachableReason } from "../../domain/delivery/delivery.ts";
import { LISTENER_DEFAULTS } from "../../domain/endpoints/endpoint.ts";
import { ID_PREFIX } from "../../domain/ids.ts";
import {
  ERROR_DETAIL_CHARS_MAX,
  LISTENER_IN_FLIGHT_COUNT_DEFAULT,
  LISTENER_NAME_CHARS_MAX,
  LISTENERS_PER_TENANT_COUNT_MAX,
  READER_AHEAD_COUNT_MAX,
  REPORT_BODY_CHARS_MAX,
  REPORT_HEADERS_CHARS_MAX,
  REPORT_TIMING_MS_MAX,
  REPORTS_PER_REQUEST_COUNT_MAX,
  STREAM_COMMENT_MS,
} from "../../domain/limits.ts";
import { milliseconds, wholeSeconds, wholeSecondsOrNull } from "../../domain/text/time.ts";
import type { ListenInput, PutListenerInput, ReaderItem } from "../../engine/endpoints/listener-types.ts";
import type { AttemptReport, AttemptToMake } from "../../ports/sender.ts";
import type { EndpointView } from "../../ports/store.ts";
import { type Problem, problem } from "../errors/problem.ts";
import { checker, converted } from "../schema/check.ts";
import { queryChecker } from "../schema/query.ts";
import { NameText } from "../schema/schemas.ts";
import { SETTING_RULES, SETTINGS, settingsOf } from "./endpoint-wire.ts";

// ── Listeners ───────────────────────────────────────────────────────────────────────────────────────────────────────

export const PutListenerBody = Type.Object(
  {
    ...SETTINGS,
    name: NameText(LISTENER_NAME_CHARS_MAX),
    if_free: Type.Optional(
      Type.Boolean({
        default: false,
        description: "While somebody listens, change nothing, and respond with 409 `LISTENER_BUSY`.",
      }),
    ),
  },
  {
    title: "ListenerInput",
    additionalProperties: false,
    description:
      "An existing listener keeps what is left out. A new one has `format` " +
      `${LISTENER_DEFAULTS.format}, \`timeout_seconds\` ${LISTENER_DEFAULTS.timeoutSeconds}, ` +
      `\`retry_schedule_seconds\` ${JSON.stringify(LISTENER_DEFAULTS.retryScheduleSeconds)} and ` +
      `\`max_in_flight\` ${LISTENER_IN_FLIGHT_COUNT_DEFAULT}.`,
    examples: [{ name: "cli/ada@laptop", event_types: ["order.*"] }],
  },
);
export const parsePutListener = converted(checker(PutListenerBody, SETTING_RULES), putInput);

function putInput(body: Static<typeof PutListenerBody>): PutListenerInput {
  const { name, secret = null, if_free: ifFree = false, ...rest } = body;
  const { name: _name, url: _url, ...settings } = settingsOf(rest);
  return { name, settings, secret, ifFree };
}

export const TOO_MANY_LISTENERS = problem(
  409,
  "LISTENER_LIMIT",
  `This tenant has ${LISTENERS_PER_TENANT_COUNT_MAX} listeners, and may not have more. Delete one that nobody uses: DELETE /v1/listeners/{id}.`,
);

// ── The stream ──────────────────────────────────────────────────────────────────────────────────────────────────────

export const ListenQuery = Type.Object(
  {
    reader: Type.String({ format: "reader", description: "Who listens, for people: `ada@laptop`." }),
    session: Type.String({
      format: "reader-session",
      description: "The same for all connections of one process, so that it can connect again at once.",
    }),
    ahead: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: READER_AHEAD_COUNT_MAX,
        default: 0,
        description:
          "How many attempts you take beyond `max_in_flight`. Start them in the order in which they came, `max_in_flight` " +
          "at a time; a test starts at once. The timeout of each runs from its start.",
      }),
    ),
    takeover: Type.Optional(Type.Boolean({ default: false, description: "Displace another reader." })),
  },
  { additionalProperties: false },
);
const checkListen = queryChecker(ListenQuery);
export const parseListen = converted(
  checkListen,
  ({ reader, session, takeover = false, ahead = 0 }): ListenInput => ({ reader, session, takeover, ahead }),
);

export function listenerBusy(reader: string, since: number): Problem {
  const at = wholeSeconds(since);
  const message = `${reader} has been listening since ${at}. Open the stream with takeover=true to displace it.`;
  return problem(409, "LISTENER_BUSY", message, [{ field: "reader", rule: `${reader} since ${at}` }]);
}

/** The first event of a stream. */
export function openText({ endpoint, waiting, oldestAt }: EndpointView, reader: string): string {
  return eventText("open", {
    listener_id: ID_PREFIX.endpoint + endpoint.id,
    name: endpoint.name,
    reader,
    status: endpoint.status,
    waiting,
    waiting_since: wholeSecondsOrNull(oldestAt),
    heartbeat_seconds: STREAM_COMMENT_MS / 1000,
  });
}

/** One server-sent event. */
export function readerItemText(item: Exclude<ReaderItem, { kind: "authorize" }>): string {
  switch (item.kind) {
    case "attempt":
      return eventText("attempt", attemptJson(item.attempt));
    case "over":
      return eventText("over", { token: item.token, reason: "deadline" });
    case "displaced":
      return eventText("displaced", { by: item.by, at: wholeSeconds(item.at) });
    case "end":
      return endText(item.reason);
  }
}

export function endText(reason: string): string {
  return eventText("end", { reason });
}

function eventText(type: string, data: object): string {
  return `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}

function attemptJson({ attempt, headers, body, timeoutMs, deadlineAt }: AttemptToMake) {
  return {
    token: attempt.token,
    delivery_id: ID_PREFIX.delivery + attempt.deliveryId,
    event_id: ID_PREFIX.event + attempt.eventId,
    event_type: attempt.eventType,
    attempt_number: attempt.number,
    deadline_at: milliseconds(deadlineAt),
    timeout_ms: timeoutMs,
    max_in_flight: attempt.maxInFlight,
    headers: pairs(headers),
    body,
    test: attempt.isTest,
  };
}

function pairs(alternating: readonly string[]): [string, string][] {
  const found: [string, string][] = [];
  for (let at = 0; at < alternating.length; at += 2) found.push([alternating[at] ?? "", alternating[at + 1] ?? ""]);
  return found;
}

// ── Results ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a program that posts to a local address can see. The others are decided before anything is sent. */
const REPORTED_REASONS = UNREACHABLE_REASONS.filter(
  (reason) => reason !== "url_refused" && reason !== "address_refused",
);

const Milliseconds = Type.Optional(
  Type.Union([Type.Integer({ minimum: 0, maximum: REPORT_TIMING_MS_MAX }), Type.Null()]),
);
const ResultBody = Type.Object(
  {
    token: Type.String({ maxLength: 64, description: "Of the attempt." }),
    status: Type.Optional(
      Type.Integer({
        minimum: 100,
        maximum: 599,
        description: "The status of the response. It means what it means over HTTP.",
      }),
    ),
    headers: Type.Optional(
      Type.Array(Type.Array(Type.String({ maxLength: REPORT_HEADERS_CHARS_MAX }), { minItems: 2, maxItems: 2 }), {
        maxItems: 256,
        description: "Names and values of the response's headers.",
      }),
    ),
    body: Type.Optional(Type.String({ maxLength: REPORT_BODY_CHARS_MAX, description: "The beginning of its body." })),
    classification: Type.Optional(
      Type.Enum([...REPORTED_REASONS], { description: "Instead of `status`: why there is no response." }),
    ),
    detail: Type.Optional(
      Type.String({ maxLength: ERROR_DETAIL_CHARS_MAX, description: "What happened, for people." }),
    ),
    timings: Type.Optional(
      Type.Object(
        { dns_ms: Milliseconds, connect_ms: Milliseconds, tls_ms: Milliseconds, first_byte_ms: Milliseconds },
        { additionalProperties: false },
      ),
    ),
  },
  { title: "ListenerResultInput", additionalProperties: false },
);
export const ResultsBody = Type.Object(
  { results: Type.Array(ResultBody, { minItems: 1, maxItems: REPORTS_PER_REQUEST_COUNT_MAX }) },
  {
    title: "ListenerResultsInput",
    additionalProperties: false,
    examples: [{ results: [{ token: "AbCdEfGhIjKlMnOpQrStUA", status: 200 }] }],
  },
);
const results = {
  results: (value: unknown) =>
    (Array.isArray(value) ? value : []).flatMap((result: unknown, index) => {
      const { status, classification } = (result ?? {}) as Record<string, unknown>;
      return (status === undefined) === (classification === undefined)
        ? [{ field: `results[${index}]`, rule: "must have either status or classification" }]
        : [];
    }),
};
export const parseResults = converted(checker(ResultsBody, results), (body) => body.results.map(reportOf));

function reportOf(result: Static<typeof ResultBody>): AttemptReport {
  const { token, status, classification, headers = [], body = "", detail = "", timings } = result;
  const measured =
    timings === undefined
      ? null
      : {
          dnsMs: timings.dns_ms ?? null,
          connectMs: timings.connect_ms ?? null,
          tlsMs: timings.tls_ms ?? null,
          firstByteMs: timings.first_byte_ms ?? null,
        };
  if (status === undefined) {
    const reason = (classification ?? "protocol_error") as UnreachableReason;
    return { kind: "unreachable", token, reason, detail: oneLine(detail), timings: measured };
  }
  const lines = headers.map(([name = "", value = ""]) => [oneLine(name), oneLine(value)] as const);
  return { kind: "answered", token, httpStatus: status, headers: lines, body, timings: measured };
}

/** The history has a line for each header, and shows no character that could control a terminal or reorder text. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu, " ").trim();
}

export const ResultsResponse = Type.Object(
  {
    results: Type.Array(
      Type.Object({
        token: Type.String(),
        accepted: Type.Boolean(),
        code: Type.Optional(
          Type.Literal("ATTEMPT_OVER", { description: "Its deadline has passed, or its stream was lost." }),
        ),
      }),
    ),
  },
  { title: "ListenerResults" },
);

export function resultsJson(
  reports: readonly AttemptReport[],
  taken: readonly boolean[],
): Static<typeof ResultsResponse> {
  return {
    results: reports.map(({ token }, index) =>
      taken[index] === true ? { token, accepted: true } : { token, accepted: false, code: "ATTEMPT_OVER" as const },
    ),
  };
}

export const ATTEMPT_OVER = problem(
  409,
  "ATTEMPT_OVER",
  "None of these attempts is open: their deadlines have passed, or their stream was lost. They are made again where the schedule allows it.",
);

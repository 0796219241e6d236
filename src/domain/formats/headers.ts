import type { Event } from "../delivery/event.ts";
import { LOOP_HEADER, loopValue } from "../delivery/loops.ts";
import { TRACE_HEADERS, type TraceContext, traceparentIn, tracestateIn } from "../delivery/trace-context.ts";
import type { Format, SigningSecrets } from "../endpoints/endpoint.ts";
import { type EpochMs, ID_PREFIX, type Uuid } from "../ids.ts";
import { type HmacSha256, overlappingSecret, standardKey, wholeSecretKey } from "./keys.ts";

/** The lower-case names of all headers that a format sets. Custom headers must not use these names. */
export const FORMAT_HEADERS: ReadonlySet<string> = new Set([
  "content-type",
  "user-agent",
  LOOP_HEADER.toLowerCase(),
  "webhook-id",
  "webhook-timestamp",
  "webhook-signature",
  "x-pausepoint-signature",
  "x-pausepoint-event",
  "x-pacspace-signature",
  "x-pacspace-timestamp",
  "x-webhook-event",
  "x-event-id",
  "x-webhook-delivery",
  "x-webhook-attempt",
  "x-webhook-timestamp",
  "x-webhook-signature",
]);

/** Everything that one attempt's headers depend on. */
export interface HeadersInput {
  readonly format: Format;
  readonly event: Pick<Event, "id" | "type" | "hops" | "trace">;
  readonly deliveryId: Uuid;
  /** Counts from 1 over all attempts of the delivery. */
  readonly attemptNumber: number;
  readonly secrets: SigningSecrets;
  /** Headers that `customHeaderFaults` accepted. */
  readonly customHeaders: Readonly<Record<string, string>>;
  /** When the attempt starts. */
  readonly now: EpochMs;
  /** The body that `renderBody` returned for this event and format. */
  readonly body: string;
  readonly userAgent: string;
  readonly hmac: HmacSha256;
}

/**
 * Render one attempt's headers as alternating names and values, for a body from `renderBody`.
 *
 * During a rotation's overlap, `webhook-signature` carries both signatures, the new secret's first. A header that holds
 * only one signature uses the old secret until the overlap ends.
 */
export function renderHeaders(input: HeadersInput): string[] {
  const seconds = String(Math.floor(input.now / 1000));
  const eventId = ID_PREFIX.event + input.event.id;
  const previous = overlappingSecret(input.secrets, input.now);
  const headers = [
    "content-type",
    "application/json",
    "user-agent",
    input.userAgent,
    "webhook-id",
    eventId,
    "webhook-timestamp",
    seconds,
    "webhook-signature",
    standardSignatures(input, previous, `${eventId}.${seconds}.${input.body}`),
    LOOP_HEADER,
    loopValue(input.event.hops ?? 0),
  ];
  addFormatHeaders(headers, input, { seconds, eventId, secret: previous ?? input.secrets.current });
  addTraceHeaders(headers, input.event.trace);
  for (const name of Object.keys(input.customHeaders)) {
    if (input.event.trace === undefined || !isTraceHeader(name)) headers.push(name, input.customHeaders[name] ?? "");
  }
  return headers;
}

function addTraceHeaders(headers: string[], trace: TraceContext | undefined): void {
  if (trace === undefined) return;
  headers.push("traceparent", traceparentIn(trace));
  const state = tracestateIn(trace);
  if (state !== null) headers.push("tracestate", state);
}

/** A custom header with this name applies only to events without a trace. */
function isTraceHeader(name: string): boolean {
  return TRACE_HEADERS.some((header) => header === name.toLowerCase());
}

function standardSignatures(input: HeadersInput, previous: string | null, content: string): string {
  const current = standardSignature(input, input.secrets.current, content);
  return previous === null ? current : `${current} ${standardSignature(input, previous, content)}`;
}

function standardSignature({ hmac }: HeadersInput, secret: string, content: string): string {
  return `v1,${hmac(standardKey(secret), content, "base64")}`;
}

interface Stamp {
  readonly seconds: string;
  readonly eventId: string;
  /** The secret for headers that hold only one signature. */
  readonly secret: string;
}

function addFormatHeaders(headers: string[], input: HeadersInput, stamp: Stamp): void {
  const { event, body, hmac } = input;
  const { seconds } = stamp;
  const sign = (content: string): string => hmac(wholeSecretKey(stamp.secret), content, "hex");
  switch (input.format) {
    case "standard":
      return;
    case "pausepoint":
      headers.push("X-PausePoint-Signature", `sha256=${sign(body)}`, "X-PausePoint-Event", event.type);
      return;
    case "pacspace":
      headers.push("X-PacSpace-Signature", `v1=${sign(`${seconds}.${body}`)}`, "X-PacSpace-Timestamp", seconds);
      headers.push("X-Webhook-Event", event.type, "X-Event-ID", stamp.eventId);
      return;
    case "plain":
      headers.push("X-Webhook-Event", event.type, "X-Webhook-Delivery", ID_PREFIX.delivery + input.deliveryId);
      headers.push("X-Webhook-Attempt", String(input.attemptNumber), "X-Webhook-Timestamp", seconds);
      headers.push("X-Webhook-Signature", `v1=${sign(`${seconds}.${body}`)}`);
      return;
  }
}

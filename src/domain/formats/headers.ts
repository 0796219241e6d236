import type { Event } from "../delivery/event.ts";
import { LOOP_HEADER, loopValue } from "../delivery/loops.ts";
import type { Format, SigningSecrets } from "../endpoints/endpoint.ts";
import { type EpochMs, ID_PREFIX, type Uuid } from "../ids.ts";
import { type HmacSha256, overlappingSecret, standardKey, wholeSecretKey } from "./keys.ts";

/** The names that some format uses, in lower case: no custom header may have one of them. */
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

/** All that one attempt's headers depend on. */
export interface HeadersQuestion {
  readonly format: Format;
  readonly event: Pick<Event, "id" | "type" | "hops">;
  readonly deliveryId: Uuid;
  /** Counts from 1 over the delivery's whole life. */
  readonly attemptNumber: number;
  readonly secrets: SigningSecrets;
  /** Headers in which `customHeaderFaults` found nothing. */
  readonly customHeaders: Readonly<Record<string, string>>;
  /** When the attempt starts. */
  readonly now: EpochMs;
  /** What `renderBody` made of the event in this format. */
  readonly body: string;
  readonly userAgent: string;
  readonly hmac: HmacSha256;
}

/**
 * Render one attempt's headers, names and values in turn, for a body that `renderBody` made.
 *
 * During a rotation's overlap `webhook-signature` carries both signatures, the new secret's first; a header that has
 * room for one signature keeps the old secret until the overlap ends.
 */
export function renderHeaders(question: HeadersQuestion): string[] {
  const seconds = String(Math.floor(question.now / 1000));
  const eventId = ID_PREFIX.event + question.event.id;
  const previous = overlappingSecret(question.secrets, question.now);
  const headers = [
    "content-type",
    "application/json",
    "user-agent",
    question.userAgent,
    "webhook-id",
    eventId,
    "webhook-timestamp",
    seconds,
    "webhook-signature",
    standardSignatures(question, previous, `${eventId}.${seconds}.${question.body}`),
    LOOP_HEADER,
    loopValue(question.event.hops ?? 0),
  ];
  addFormatHeaders(headers, question, { seconds, eventId, secret: previous ?? question.secrets.current });
  for (const name of Object.keys(question.customHeaders)) headers.push(name, question.customHeaders[name] ?? "");
  return headers;
}

function standardSignatures(question: HeadersQuestion, previous: string | null, content: string): string {
  const current = standardSignature(question, question.secrets.current, content);
  return previous === null ? current : `${current} ${standardSignature(question, previous, content)}`;
}

function standardSignature({ hmac }: HeadersQuestion, secret: string, content: string): string {
  return `v1,${hmac(standardKey(secret), content, "base64")}`;
}

interface Stamp {
  readonly seconds: string;
  readonly eventId: string;
  /** The one secret that single-signature headers use. */
  readonly secret: string;
}

function addFormatHeaders(headers: string[], question: HeadersQuestion, stamp: Stamp): void {
  const { event, body, hmac } = question;
  const { seconds } = stamp;
  const sign = (content: string): string => hmac(wholeSecretKey(stamp.secret), content, "hex");
  switch (question.format) {
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
      headers.push("X-Webhook-Event", event.type, "X-Webhook-Delivery", ID_PREFIX.delivery + question.deliveryId);
      headers.push("X-Webhook-Attempt", String(question.attemptNumber), "X-Webhook-Timestamp", seconds);
      headers.push("X-Webhook-Signature", `v1=${sign(`${seconds}.${body}`)}`);
      return;
  }
}

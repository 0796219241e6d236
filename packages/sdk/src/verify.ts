import { WebhookVerificationError } from "./errors.ts";
import { type HeaderReader, headerReader, REPEATED, type WebhookHeaders } from "./headers.ts";
import { checkAmount, checkOneOf, dateMs } from "./options.ts";
import {
  type Bytes,
  equalInConstantTime,
  isSecret,
  rawBytes,
  SCHEME_NAMES,
  type SignatureScheme,
  type Stamp,
  signature,
} from "./signature.ts";
import type { JsonObject } from "./types.ts";

/** What {@link verify} needs. */
export interface VerifyOptions {
  /** The raw body, exactly as it arrived: never parsed and serialised again. */
  readonly body: string | Uint8Array | ArrayBuffer;
  readonly headers: WebhookHeaders;
  /** The endpoint's signing secret; several while yours is being changed: one of them has to fit. */
  readonly secret: string | readonly string[];
  /**
   * The one signature to believe. Without it the first of `standard`, `pacspace`, `plain`, `pausepoint` whose header is
   * present decides, alone. All deliveries from Signalbox carry `standard`: name it, and nobody can replay an old
   * delivery by leaving out the headers that have a timestamp.
   */
  readonly scheme?: SignatureScheme;
  /** How far the attempt's timestamp may be from now, either way: finite, 0 or more. Default 300. */
  readonly toleranceSeconds?: number;
  /** Default the clock's. */
  readonly now?: Date;
}

/** A delivery whose signature is good. */
export interface VerifiedWebhook<Data extends object = JsonObject> {
  /**
   * The event's id, the same on every attempt, retry and replay: drop what you have seen. Signed in scheme `standard`;
   * from an unsigned header in `pacspace`; null in the others.
   */
  readonly id: string | null;
  /** The event's type. Signed where the body has an envelope; from an unsigned header in format `plain`. */
  readonly type: string | null;
  /** The start of this attempt; null in scheme `pausepoint`. */
  readonly attemptedAt: Date | null;
  /** The envelope's `data`, or the whole body where there is no envelope. */
  readonly data: Data;
  /** The whole body, parsed. */
  readonly body: JsonObject;
  /** The signature that was checked. */
  readonly scheme: SignatureScheme;
}

interface SchemeHeaders {
  readonly signature: string;
  readonly timestamp: string | null;
  readonly id: string | null;
}

const SCHEMES: Readonly<Record<SignatureScheme, SchemeHeaders>> = {
  standard: { signature: "webhook-signature", timestamp: "webhook-timestamp", id: "webhook-id" },
  pacspace: { signature: "x-pacspace-signature", timestamp: "x-pacspace-timestamp", id: "x-event-id" },
  plain: { signature: "x-webhook-signature", timestamp: "x-webhook-timestamp", id: null },
  pausepoint: { signature: "x-pausepoint-signature", timestamp: null, id: null },
};

const TOLERANCE_SECONDS = 300;
const UNIX_SECONDS = /^\d{1,12}$/;
const ID_CHARS_MAX = 256;

/**
 * Check a delivery's signature and give back its event.
 *
 * The comparison takes constant time, and timestamps are checked both ways.
 *
 * @throws {WebhookVerificationError} with a stable `code`, for a delivery that must not be believed
 * @throws {TypeError} for options that are wrong whatever was delivered: a `toleranceSeconds` that is no finite number
 *   of 0 or more, a `now` that is no valid `Date`, an unknown `scheme`, `headers` that are not headers
 */
export async function verify<Data extends object = JsonObject>(options: VerifyOptions): Promise<VerifiedWebhook<Data>> {
  const { toleranceSeconds = TOLERANCE_SECONDS, now = new Date() } = options;
  // Before anything of the delivery is looked at: options that are wrong should be seen at the first one.
  checkAmount("toleranceSeconds", toleranceSeconds);
  const clock = { nowMs: dateMs("now", now), toleranceSeconds };
  if (options.scheme !== undefined) checkOneOf("scheme", options.scheme, SCHEME_NAMES);
  const read = headerReader(options.headers);
  const scheme = options.scheme ?? presentScheme(read);
  const given = required(read, SCHEMES[scheme].signature);
  const stamp = readStamp(scheme, read);
  if (SCHEMES[scheme].timestamp !== null) checkTimestamp(stamp.timestamp, clock);
  const body = rawBody(options.body);
  await checkSignature({ scheme, given, stamp, body, secrets: secretList(options.secret) });
  const parsed = parseBody(body);
  return {
    id: stamp.id === "" ? null : stamp.id,
    attemptedAt: stamp.timestamp === "" ? null : new Date(Number(stamp.timestamp) * 1000),
    ...openEnvelope<Data>(parsed, read),
    body: parsed,
    scheme,
  };
}

function presentScheme(read: HeaderReader): SignatureScheme {
  for (const scheme of SCHEME_NAMES) {
    if (read(SCHEMES[scheme].signature) !== null) return scheme;
  }
  throw new WebhookVerificationError("missing_headers", "There is no signature header.");
}

function required(read: HeaderReader, name: string): string {
  const value = read(name);
  if (value === null) throw new WebhookVerificationError("missing_headers", `There is no ${name} header.`);
  if (value === REPEATED) throw new WebhookVerificationError("malformed_headers", `There are several ${name} headers.`);
  return value;
}

function readStamp(scheme: SignatureScheme, read: HeaderReader): Stamp {
  const names = SCHEMES[scheme];
  const timestamp = names.timestamp === null ? "" : required(read, names.timestamp);
  if (scheme === "standard") return { timestamp, id: required(read, "webhook-id") };
  const id = names.id === null ? null : read(names.id);
  return { timestamp, id: id === null || id === REPEATED || id.length > ID_CHARS_MAX ? "" : id };
}

interface Clock {
  readonly nowMs: number;
  readonly toleranceSeconds: number;
}

function checkTimestamp(timestamp: string, { nowMs, toleranceSeconds }: Clock): void {
  if (!UNIX_SECONDS.test(timestamp)) {
    throw new WebhookVerificationError("malformed_headers", "The timestamp header is not in Unix seconds.");
  }
  const ageSeconds = Math.floor(nowMs / 1000) - Number(timestamp);
  if (ageSeconds > toleranceSeconds) {
    throw new WebhookVerificationError("timestamp_too_old", `The delivery was signed ${ageSeconds} s ago.`);
  }
  if (-ageSeconds > toleranceSeconds) {
    throw new WebhookVerificationError("timestamp_too_new", `The delivery was signed ${-ageSeconds} s in the future.`);
  }
}

function rawBody(body: unknown): Bytes {
  const bytes = rawBytes(body);
  if (bytes !== null) return bytes;
  throw new WebhookVerificationError("invalid_body", "The body has to be the raw text or bytes, not a parsed value.");
}

function secretList(secret: string | readonly string[]): readonly string[] {
  // In plain JavaScript it may be anything, and an array may have gaps, which `every` passes over.
  const secrets: readonly unknown[] = Array.isArray(secret) ? Array.from(secret) : [secret];
  if (secrets.length > 0 && secrets.every(isSecret)) return secrets;
  throw new WebhookVerificationError("invalid_secret", "There is no signing secret, or an empty one.");
}

interface SignatureQuestion {
  readonly scheme: SignatureScheme;
  readonly given: string;
  readonly stamp: Stamp;
  readonly body: Bytes;
  readonly secrets: readonly string[];
}

async function checkSignature({ scheme, given, stamp, body, secrets }: SignatureQuestion): Promise<void> {
  // During a rotation webhook-signature holds several, with spaces between them; the other headers hold one.
  const candidates = scheme === "standard" ? given.split(" ") : [given];
  for (const secret of secrets) {
    const expected = await signature(scheme, secret, stamp, body);
    if (candidates.some((candidate) => equalInConstantTime(expected, candidate))) return;
  }
  throw new WebhookVerificationError("signature_mismatch", "No signature fits this body and secret.");
}

function parseBody(body: Bytes): JsonObject {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body));
    if (isObject(parsed)) return parsed;
  } catch (cause) {
    throw new WebhookVerificationError("invalid_body", "The body is not JSON in UTF-8.", { cause });
  }
  throw new WebhookVerificationError("invalid_body", "The body is not a JSON object.");
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function openEnvelope<Data extends object>(body: JsonObject, read: HeaderReader): { type: string | null; data: Data } {
  const type = body.event ?? body.type;
  const isPlain = read(SCHEMES.plain.signature) !== null;
  if (!isPlain && typeof type === "string" && isObject(body.data)) return { type, data: body.data as Data };
  const named = read("x-webhook-event") ?? read("x-pausepoint-event");
  return { type: named === REPEATED ? null : named, data: body as Data };
}

import { WebhookVerificationError } from "../errors.ts";
import { type HeaderReader, headerReader, REPEATED, type WebhookHeaders } from "../headers.ts";
import { checkAmount, checkOneOf, dateMs } from "../options.ts";
import type { JsonObject } from "../types.ts";
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

/** The delivery that {@link verify} checks. */
export interface VerifyOptions {
  /** The raw body, exactly as it arrived. A body that was parsed and serialized again does not verify. */
  readonly body: string | Uint8Array | ArrayBuffer;
  readonly headers: WebhookHeaders;
  /** The endpoint's signing secret. During a rotation, pass several; one of them must match. */
  readonly secret: string | readonly string[];
  /**
   * The signature to verify. Without it, the first of `standard`, `pacspace`, `plain` and `pausepoint` whose header is
   * present is verified, and no other. All deliveries from Signalbox have the `standard` headers, so set `standard`:
   * nobody can then replay an old delivery by removing the headers with a timestamp.
   */
  readonly scheme?: SignatureScheme;
  /**
   * The largest difference between the attempt's timestamp and now, in either direction: finite, 0 or more. Default:
   * 300.
   */
  readonly toleranceSeconds?: number;
  /** Default: the current time. */
  readonly now?: Date;
}

/**
 * A delivery whose signature is good. Everything here was signed, except `unsignedId` and `unsignedType`: anyone who can
 * change headers between the server and you can change those two.
 */
export interface VerifiedWebhook<Data extends object = JsonObject> {
  /**
   * The event's id. It is the same on every attempt, retry and replay, so drop an id that you have already processed.
   * Null in every scheme but `standard`, because the other schemes do not sign an id.
   */
  readonly id: string | null;
  /** The id that the headers name, whether it was signed or not. */
  readonly unsignedId: string | null;
  /** The event's type, from the envelope in the body. Null in format `plain`, whose body is the payload alone. */
  readonly type: string | null;
  /** The type that the headers name. Null in format `standard`, which names the type only in its body. */
  readonly unsignedType: string | null;
  /** When this attempt started. Null in scheme `pausepoint`, which signs no timestamp. */
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
}

const SCHEMES: Readonly<Record<SignatureScheme, SchemeHeaders>> = {
  standard: { signature: "webhook-signature", timestamp: "webhook-timestamp" },
  pacspace: { signature: "x-pacspace-signature", timestamp: "x-pacspace-timestamp" },
  plain: { signature: "x-webhook-signature", timestamp: "x-webhook-timestamp" },
  pausepoint: { signature: "x-pausepoint-signature", timestamp: null },
};
const ID_HEADERS = ["webhook-id", "x-event-id"];
const TYPE_HEADERS = ["x-webhook-event", "x-pausepoint-event"];

const TOLERANCE_SECONDS = 300;
const UNIX_SECONDS = /^\d{1,12}$/;
/** Signalbox sends no longer id or type in an unsigned header. */
const UNSIGNED_CHARS_MAX = 256;

/**
 * Verify a delivery's signature and return its event.
 *
 * The comparison takes constant time, and the timestamp is checked in both directions.
 *
 * @throws {WebhookVerificationError} with a stable `code`, for a delivery that must not be trusted
 * @throws {TypeError} for invalid options, regardless of the delivery: a `toleranceSeconds` that is not a finite number
 *   of 0 or more, a `now` that is not a valid `Date`, an unknown `scheme`, or `headers` of an unsupported shape
 */
export async function verify<Data extends object = JsonObject>(options: VerifyOptions): Promise<VerifiedWebhook<Data>> {
  const { toleranceSeconds = TOLERANCE_SECONDS, now = new Date() } = options;
  // Options are checked before the delivery, so that invalid ones show up with the first delivery.
  checkAmount("toleranceSeconds", toleranceSeconds);
  const clock = { nowMs: dateMs("now", now), toleranceSeconds };
  if (options.scheme !== undefined) checkOneOf("scheme", options.scheme, SCHEME_NAMES);
  const read = headerReader(options.headers);
  const scheme = options.scheme ?? presentScheme(read);
  const given = required(read, SCHEMES[scheme].signature);
  const stamp = readStamp(scheme, read);
  if (SCHEMES[scheme].timestamp !== null) checkTimestamp(stamp.timestamp, clock);
  const body = rawBody(options.body);
  const secrets = secretList(options.secret);
  const isSigned = await matches({ scheme, given, stamp, body, secrets });
  if (!isSigned) throw new WebhookVerificationError("signature_mismatch", "No signature matches this body and secret.");
  const parsed = parseBody(body);
  const isPayload = scheme === "plain" || (await isPlain(read, body, secrets));
  return {
    id: stamp.id === "" ? null : stamp.id,
    unsignedId: unsigned(read, ID_HEADERS),
    attemptedAt: stamp.timestamp === "" ? null : new Date(Number(stamp.timestamp) * 1000),
    ...(isPayload ? { type: null, data: parsed as Data } : openEnvelope<Data>(parsed)),
    unsignedType: unsigned(read, TYPE_HEADERS),
    body: parsed,
    scheme,
  };
}

function presentScheme(read: HeaderReader): SignatureScheme {
  for (const scheme of SCHEME_NAMES) {
    if (read(SCHEMES[scheme].signature) !== null) return scheme;
  }
  throw new WebhookVerificationError("missing_headers", "The delivery has no signature header.");
}

function required(read: HeaderReader, name: string): string {
  const value = read(name);
  if (value === null) throw new WebhookVerificationError("missing_headers", `The ${name} header is missing.`);
  if (value === REPEATED) throw new WebhookVerificationError("malformed_headers", `The ${name} header is repeated.`);
  return value;
}

function readStamp(scheme: SignatureScheme, read: HeaderReader): Stamp {
  const name = SCHEMES[scheme].timestamp;
  const timestamp = name === null ? "" : required(read, name);
  return { timestamp, id: scheme === "standard" ? required(read, "webhook-id") : "" };
}

/** The value of the first of these headers that is present. */
function unsigned(read: HeaderReader, names: readonly string[]): string | null {
  const value = names.map(read).find((text) => text !== null) ?? null;
  return value === null || value === REPEATED || value.length > UNSIGNED_CHARS_MAX ? null : value;
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
  throw new WebhookVerificationError("invalid_body", "The body must be the raw text or bytes, not a parsed value.");
}

function secretList(secret: string | readonly string[]): readonly string[] {
  // In plain JavaScript the secret can be anything, and an array can have gaps, which `every` skips.
  const secrets: readonly unknown[] = Array.isArray(secret) ? Array.from(secret) : [secret];
  if (secrets.length > 0 && secrets.every(isSecret)) return secrets;
  throw new WebhookVerificationError("invalid_secret", "The signing secret is missing or empty.");
}

interface SignatureCheck {
  readonly scheme: SignatureScheme;
  readonly given: string;
  readonly stamp: Stamp;
  readonly body: Bytes;
  readonly secrets: readonly string[];
}

async function matches({ scheme, given, stamp, body, secrets }: SignatureCheck): Promise<boolean> {
  // During a rotation, webhook-signature has several signatures, separated by spaces. The other headers have one.
  const candidates = scheme === "standard" ? given.split(" ") : [given];
  for (const secret of secrets) {
    const expected = await signature(scheme, secret, stamp, body);
    if (candidates.some((candidate) => equalInConstantTime(expected, candidate))) return true;
  }
  return false;
}

/**
 * Whether a delivery that another scheme verified is in format `plain`. The signature of `plain` must match too, so
 * that an added header cannot hide the envelope of a delivery.
 */
async function isPlain(read: HeaderReader, body: Bytes, secrets: readonly string[]): Promise<boolean> {
  const given = read(SCHEMES.plain.signature);
  const timestamp = read("x-webhook-timestamp");
  if (given === null || timestamp === null) return false;
  return matches({ scheme: "plain", given, stamp: { id: "", timestamp }, body, secrets });
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

/** A payload can have its own `type` and `data`. If it also has a `timestamp`, it looks like an envelope. */
function openEnvelope<Data extends object>(body: JsonObject): { type: string | null; data: Data } {
  const type = body.event ?? body.type;
  const isEnvelope = typeof type === "string" && typeof body.timestamp === "string" && isObject(body.data);
  return isEnvelope ? { type, data: body.data as Data } : { type: null, data: body as Data };
}

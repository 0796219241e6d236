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
/** A longer id or type in an unsigned header is not one of ours. */
const UNSIGNED_CHARS_MAX = 256;

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
  const secrets = secretList(options.secret);
  const isSigned = await fits({ scheme, given, stamp, body, secrets });
  if (!isSigned) throw new WebhookVerificationError("signature_mismatch", "No signature fits this body and secret.");
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
  throw new WebhookVerificationError("missing_headers", "There is no signature header.");
}

function required(read: HeaderReader, name: string): string {
  const value = read(name);
  if (value === null) throw new WebhookVerificationError("missing_headers", `There is no ${name} header.`);
  if (value === REPEATED) throw new WebhookVerificationError("malformed_headers", `There are several ${name} headers.`);
  return value;
}

function readStamp(scheme: SignatureScheme, read: HeaderReader): Stamp {
  const name = SCHEMES[scheme].timestamp;
  const timestamp = name === null ? "" : required(read, name);
  return { timestamp, id: scheme === "standard" ? required(read, "webhook-id") : "" };
}

/** What the first of these headers that is present says. */
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

async function fits({ scheme, given, stamp, body, secrets }: SignatureQuestion): Promise<boolean> {
  // During a rotation webhook-signature holds several, with spaces between them; the other headers hold one.
  const candidates = scheme === "standard" ? given.split(" ") : [given];
  for (const secret of secrets) {
    const expected = await signature(scheme, secret, stamp, body);
    if (candidates.some((candidate) => equalInConstantTime(expected, candidate))) return true;
  }
  return false;
}

/**
 * Whether a delivery that another scheme verified is in format `plain`. Its own signature has to fit, so that adding a
 * header to a delivery with an envelope does not hide the envelope.
 */
async function isPlain(read: HeaderReader, body: Bytes, secrets: readonly string[]): Promise<boolean> {
  const given = read(SCHEMES.plain.signature);
  const timestamp = read("x-webhook-timestamp");
  if (given === null || timestamp === null) return false;
  return fits({ scheme: "plain", given, stamp: { id: "", timestamp }, body, secrets });
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

/** A payload can have a `type` and `data` of its own; with a `timestamp` as well, it looks like an envelope. */
function openEnvelope<Data extends object>(body: JsonObject): { type: string | null; data: Data } {
  const type = body.event ?? body.type;
  const isEnvelope = typeof type === "string" && typeof body.timestamp === "string" && isObject(body.data);
  return isEnvelope ? { type, data: body.data as Data } : { type: null, data: body as Data };
}

import { checkAmount, checkOneOf, checkString, dateMs } from "../options.ts";
import { checkSecret, rawBytes, SCHEME_NAMES, type SignatureScheme, signature } from "./signature.ts";

/** The delivery that {@link sign} signs. */
export interface SignOptions {
  /** The endpoint's signing secret. */
  readonly secret: string;
  /** The body that will be sent, byte for byte. */
  readonly body: string | Uint8Array;
  /** The endpoint's format, which determines the headers in addition to `webhook-*`. Default: `standard`. */
  readonly format?: SignatureScheme;
  /** Default: a new `evt_…`. */
  readonly id?: string;
  /** The event's type. Default: `test`. */
  readonly type?: string;
  /** When the attempt starts. Default: now. */
  readonly timestamp?: Date;
  /** Only `plain` has it in a header. Default: a new `del_…`. */
  readonly deliveryId?: string;
  /** Counts from 1. Only `plain` has it in a header. Default: 1. */
  readonly attempt?: number;
}

/**
 * Create the headers that Signalbox would send with this body, to test a receiver.
 *
 * @returns headers with lower-case names
 * @throws {TypeError} for an empty secret, a body that is neither text nor bytes, an unknown format, an invalid
 *   timestamp, ids or a type that are not non-empty strings, and an attempt that is not a finite number
 */
export async function sign(options: SignOptions): Promise<Record<string, string>> {
  const { secret, format = "standard", type = "test", id = `evt_${crypto.randomUUID()}` } = options;
  const { deliveryId = `del_${crypto.randomUUID()}`, attempt = 1 } = options;
  checkSecret(secret);
  checkOneOf("format", format, SCHEME_NAMES);
  for (const [name, text] of Object.entries({ type, id, deliveryId })) checkString(name, text);
  checkAmount("attempt", attempt);
  const body = rawBytes(options.body);
  if (body === null) throw new TypeError("The body must be the text or bytes that will be sent, not a value.");
  const { timestamp: at = new Date() } = options;
  const timestamp = String(Math.floor(dateMs("timestamp", at) / 1000));
  const make = (scheme: SignatureScheme): Promise<string> => signature(scheme, secret, { id, timestamp }, body);
  const headers = {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": await make("standard"),
  };
  switch (format) {
    case "standard":
      return headers;
    case "pausepoint":
      return { ...headers, "x-pausepoint-signature": await make(format), "x-pausepoint-event": type };
    case "pacspace":
      return {
        ...headers,
        "x-pacspace-signature": await make(format),
        "x-pacspace-timestamp": timestamp,
        "x-webhook-event": type,
        "x-event-id": id,
      };
    case "plain":
      return {
        ...headers,
        "x-webhook-event": type,
        "x-webhook-delivery": deliveryId,
        "x-webhook-attempt": String(attempt),
        "x-webhook-timestamp": timestamp,
        "x-webhook-signature": await make(format),
      };
  }
}

/** Sources. A source is a sender whose webhooks Signalbox receives, and the scheme that verifies them. */
import type { EpochMs, Seq, Uuid } from "../ids.ts";

/** The verification schemes. Each source has one; no other scheme is tried. */
export const SCHEMES = [
  "github",
  "stripe",
  "slack",
  "shopify",
  "twilio",
  "standard-webhooks",
  "pausepoint",
  "pacspace",
  "hmac",
  "jcs",
  "basic",
  "none",
] as const;
export type Scheme = (typeof SCHEMES)[number];

/**
 * The location of a value in a request: a header, or a member of the JSON body addressed by a JSON pointer (RFC 6901).
 */
export type ValuePlace =
  | { readonly from: "header"; readonly name: string }
  | { readonly from: "pointer"; readonly pointer: string };

/** How the event type is derived from a request. */
export interface EventTypeRule {
  /** Null: the scheme's default location. */
  readonly place: ValuePlace | null;
  /** Prepended to the value found there. */
  readonly prefix: string;
  /** The type to use when there is no value; null: the scheme's default. */
  readonly fallback: string | null;
}

export const HMAC_ALGORITHMS = ["sha1", "sha256", "sha512"] as const;
export const SIGNATURE_ENCODINGS = ["hex", "base64"] as const;

/** Options of scheme `hmac`, for any sender that signs with a shared secret. */
export interface HmacOptions {
  readonly header: string;
  readonly algorithm: (typeof HMAC_ALGORITHMS)[number];
  readonly encoding: (typeof SIGNATURE_ENCODINGS)[number];
  /** The text before the signature in the header, such as `sha256=`; may be empty. */
  readonly prefix: string;
  /** A header with the time of signing in Unix seconds; null: the sender sends no timestamp. */
  readonly timestampHeader: string | null;
  /** The largest allowed difference between the timestamp and the time of receipt. */
  readonly toleranceSeconds: number;
  /**
   * The signed content. `{body}` and, where there is a timestamp, `{timestamp}` are replaced with the received values.
   */
  readonly template: string;
  /** The location of the sender's delivery id; null: the sender has none. */
  readonly deliveryId: ValuePlace | null;
}

/** Options of scheme `basic`. The password is the source's secret. */
export interface BasicOptions {
  readonly username: string;
}

export interface SourceSettings {
  readonly name: string;
  readonly scheme: Scheme;
  readonly eventType: EventTypeRule;
  /** Set only for scheme `hmac`. */
  readonly hmac: HmacOptions | null;
  /** Set only for scheme `basic`. */
  readonly basic: BasicOptions | null;
}

/**
 * A stored source. Its scheme cannot change, because stored requests signed under the old scheme could no longer be
 * verified.
 */
export interface Source extends SourceSettings {
  readonly seq: Seq;
  readonly id: Uuid;
  readonly tenantSeq: Seq;
  readonly tenantId: Uuid;
  /** Null only for scheme `none`. */
  readonly secret: string | null;
  /** The secret before the last rotation, which is also accepted until that time. */
  readonly previousSecret: { readonly secret: string; readonly until: EpochMs } | null;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
}

/** The secrets that are valid at a time, the current one first. */
export function secretsAt(
  { secret, previousSecret }: Pick<Source, "secret" | "previousSecret">,
  now: EpochMs,
): readonly string[] {
  const present = secret === null ? [] : [secret];
  return previousSecret !== null && now < previousSecret.until ? [...present, previousSecret.secret] : present;
}

/** Secrets that are no longer valid. A signature made with one means that the sender still has the old secret. */
export function expiredSecrets({ previousSecret }: Pick<Source, "previousSecret">, now: EpochMs): readonly string[] {
  return previousSecret !== null && now >= previousSecret.until ? [previousSecret.secret] : [];
}

/** A source: somebody whose webhooks are received, and how theirs are known to be theirs. */
import type { EpochMs, Seq, Uuid } from "../ids.ts";

/** How a request proves where it comes from. A source has one; never is another one tried. */
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

/** Where in a request a value stands: a header by its name, or a member of a JSON body by its pointer (RFC 6901). */
export type ValuePlace =
  | { readonly from: "header"; readonly name: string }
  | { readonly from: "pointer"; readonly pointer: string };

/** How the type of the event that a request becomes is found. */
export interface EventTypeRule {
  /** Null: the scheme's own place. */
  readonly place: ValuePlace | null;
  /** Put before what is found there. */
  readonly prefix: string;
  /** When nothing is found there; null: the scheme's own. */
  readonly fallback: string | null;
}

export const HMAC_ALGORITHMS = ["sha1", "sha256", "sha512"] as const;
export const SIGNATURE_ENCODINGS = ["hex", "base64"] as const;

/** Of scheme `hmac`: any sender that signs with a shared secret. */
export interface HmacOptions {
  readonly header: string;
  readonly algorithm: (typeof HMAC_ALGORITHMS)[number];
  readonly encoding: (typeof SIGNATURE_ENCODINGS)[number];
  /** Before the signature in its header, such as `sha256=`; empty for none. */
  readonly prefix: string;
  /** A header with Unix seconds; null: nothing says when it was signed. */
  readonly timestampHeader: string | null;
  /** How far the timestamp may be from the time of receipt. */
  readonly toleranceSeconds: number;
  /** What is signed: `{body}` and, where there is one, `{timestamp}` stand for what was sent. */
  readonly template: string;
  /** Where the sender's own id of the delivery stands; null: it has none. */
  readonly deliveryId: ValuePlace | null;
}

/** Of scheme `basic`; the password is the source's secret. */
export interface BasicOptions {
  readonly username: string;
}

export interface SourceSettings {
  readonly name: string;
  readonly scheme: Scheme;
  readonly eventType: EventTypeRule;
  /** Set for scheme `hmac` alone. */
  readonly hmac: HmacOptions | null;
  /** Set for scheme `basic` alone. */
  readonly basic: BasicOptions | null;
}

/** The rest is `SourceSettings`; a scheme never changes, since what it signed could no longer be verified. */
export interface Source extends SourceSettings {
  readonly seq: Seq;
  readonly id: Uuid;
  readonly tenantSeq: Seq;
  readonly tenantId: Uuid;
  /** Null for scheme `none` alone. */
  readonly secret: string | null;
  /** Holds as well until then. */
  readonly previousSecret: { readonly secret: string; readonly until: EpochMs } | null;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
}

/** The secrets that hold at a time, the present one first. */
export function secretsAt(
  { secret, previousSecret }: Pick<Source, "secret" | "previousSecret">,
  now: EpochMs,
): readonly string[] {
  const present = secret === null ? [] : [secret];
  return previousSecret !== null && now < previousSecret.until ? [...present, previousSecret.secret] : present;
}

/** Secrets that held once: a signature by one of them says that its sender was not told of the new one. */
export function expiredSecrets({ previousSecret }: Pick<Source, "previousSecret">, now: EpochMs): readonly string[] {
  return previousSecret !== null && now >= previousSecret.until ? [previousSecret.secret] : [];
}

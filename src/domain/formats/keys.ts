import type { SigningSecrets } from "../endpoint.ts";
import type { EpochMs } from "../ids.ts";

/** Key material as text, and how that text becomes bytes. */
export interface HmacKey {
  readonly text: string;
  readonly encoding: "utf8" | "base64";
}

/** HMAC-SHA-256 (RFC 2104) over the UTF-8 bytes of `data`. Handed in: the domain has no cryptography of its own. */
export type HmacSha256 = (key: HmacKey, data: string, output: "hex" | "base64") => string;

const PREFIX = "whsec_";
const KEY_BYTES_MIN = 24;
const KEY_BYTES_MAX = 64;
/** RFC 4648 §4 with the padding that it requires and no stray bits in the last digit. */
const STRICT_BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/][AQgw]==)?$/;

/**
 * The key of `webhook-signature`: what follows `whsec_` decoded, when it is strict standard base64 of 24 to 64 bytes
 * (Standard Webhooks 1.0, "Signature scheme"); of any other secret its UTF-8 bytes.
 */
export function standardKey(secret: string): HmacKey {
  const rest = secret.slice(PREFIX.length);
  const decodes = secret.startsWith(PREFIX) && hasKeyLength(rest) && STRICT_BASE64.test(rest);
  return decodes ? { text: rest, encoding: "base64" } : wholeSecretKey(secret);
}

/** The key of every other signature: the whole secret's UTF-8 bytes, prefix and all. */
export function wholeSecretKey(secret: string): HmacKey {
  return { text: secret, encoding: "utf8" };
}

function hasKeyLength(base64: string): boolean {
  const padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0;
  const bytes = (base64.length / 4) * 3 - padding;
  return bytes >= KEY_BYTES_MIN && bytes <= KEY_BYTES_MAX;
}

/** The secret before the last rotation, while its overlap lasts. */
export function overlappingSecret(secrets: SigningSecrets, now: EpochMs): string | null {
  const { previous } = secrets;
  return previous !== null && previous.expiresAt > now ? previous.secret : null;
}

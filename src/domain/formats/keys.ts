import type { SigningSecrets } from "../endpoints/endpoint.ts";
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

/** `whsec_` in any letter case, with another separator, quoted or doubled; then what was meant as the base64. */
const NEARLY_PREFIXED = /^["'\s]*(?:whsec[_:. -]+)+(.*?)["'\s]*$/is;
/** Padded, or as long as 24 bytes are: in the standard or the URL-safe alphabet. Placeholders in manuals are shorter. */
const MEANT_AS_BASE64 = /^(?:[A-Za-z0-9+/_-]{32,}=*|[A-Za-z0-9+/_-]+={1,2})$/;

/**
 * Whether a secret was meant to be `whsec_` and base64, and is not: in the URL-safe alphabet, without its padding, of too
 * few bytes, cut, quoted. Libraries of Standard Webhooks decode what we would take as text, and no signature would fit.
 */
export function isMistypedSecret(secret: string): boolean {
  if (standardKey(secret).encoding === "base64") return false;
  const rest = NEARLY_PREFIXED.exec(secret)?.[1];
  return rest !== undefined && MEANT_AS_BASE64.test(rest);
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

import type { SigningSecrets } from "../endpoints/endpoint.ts";
import type { EpochMs } from "../ids.ts";
import { editDistance } from "../text/nearest.ts";

/** An HMAC key as text, and the encoding that turns the text into bytes. */
export interface HmacKey {
  readonly text: string;
  readonly encoding: "utf8" | "base64";
}

/**
 * HMAC-SHA-256 (RFC 2104) over the UTF-8 bytes of `data`. The caller supplies it because the domain imports no
 * cryptography.
 */
export type HmacSha256 = (key: HmacKey, data: string, output: "hex" | "base64") => string;

const PREFIX = "whsec_";
const KEY_BYTES_MIN = 24;
const KEY_BYTES_MAX = 64;
/** RFC 4648 §4 with the required padding and no stray bits in the last digit. */
const STRICT_BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/][AQgw]==)?$/;

/**
 * The key for `webhook-signature`. If the text after `whsec_` is strict base64 of 24 to 64 bytes, the key is the
 * decoded text (Standard Webhooks 1.0, "Signature scheme"). Otherwise the key is the secret's UTF-8 bytes.
 */
export function standardKey(secret: string): HmacKey {
  const rest = secret.slice(PREFIX.length);
  const decodes = secret.startsWith(PREFIX) && hasKeyLength(rest) && STRICT_BASE64.test(rest);
  return decodes ? { text: rest, encoding: "base64" } : wholeSecretKey(secret);
}

/**
 * Matches a mistyped `whsec_`: in another letter case, with another separator, quoted or repeated. Captures the rest.
 */
const NEARLY_PREFIXED = /^["'\s]*(?:whsec[_:. -]+)+(.*?)["'\s]*$/is;
/** Matches a word and a separator. Captures the word, which may be a misspelled `whsec`, and the rest. */
const WORD_PREFIXED = /^["'\s]*([a-z]{4,6})[_:. -]+(.*?)["'\s]*$/is;
/** Matches `whsec` without its separator. Captures the rest, which has capitals when it is base64. */
const UNSEPARATED = /^["'\s]*whsec(?=[^"']*[A-Z])([^"']*?)["'\s]*$/s;
/** The share of characters in base64 that may be wrong for the text still to be recognized. */
const WRONG_SHARE_MAX = 0.1;
/**
 * Text that was probably meant as base64, in the standard or the URL-safe alphabet: it has padding, or it is at least
 * as long as 24 encoded bytes. The placeholders in manuals are shorter.
 */
const MEANT_AS_BASE64 = /^(?:[A-Za-z0-9+/_-]{32,}=*|[A-Za-z0-9+/_-]+={1,2})$/;

/**
 * Whether a secret looks like a damaged `whsec_` secret: URL-safe alphabet, missing padding, too few bytes, truncated
 * or quoted. Standard Webhooks libraries would decode such a secret where Signalbox uses its text, and the signatures
 * would not match.
 */
export function isMistypedSecret(secret: string): boolean {
  if (standardKey(secret).encoding === "base64") return false;
  const rest = afterMistypedPrefix(secret);
  return rest !== null && isMeantAsBase64(rest);
}

function afterMistypedPrefix(secret: string): string | null {
  const [, word = "", afterWord = ""] = WORD_PREFIXED.exec(secret) ?? [];
  const isMisspelled = word !== "" && editDistance(word.toLowerCase(), "whsec") === 1;
  const rest = NEARLY_PREFIXED.exec(secret)?.[1] ?? UNSEPARATED.exec(secret)?.[1];
  return rest ?? (isMisspelled ? afterWord : null);
}

function isMeantAsBase64(text: string): boolean {
  if (MEANT_AS_BASE64.test(text)) return true;
  const cleaned = text.replaceAll(/[^A-Za-z0-9+/_=-]/g, "");
  return text.length - cleaned.length <= text.length * WRONG_SHARE_MAX && /^.{32,}$/.test(cleaned);
}

/** The key for all other signatures: the UTF-8 bytes of the whole secret, including any prefix. */
export function wholeSecretKey(secret: string): HmacKey {
  return { text: secret, encoding: "utf8" };
}

function hasKeyLength(base64: string): boolean {
  const padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0;
  const bytes = (base64.length / 4) * 3 - padding;
  return bytes >= KEY_BYTES_MIN && bytes <= KEY_BYTES_MAX;
}

/** The previous secret during a rotation's overlap, otherwise null. */
export function overlappingSecret(secrets: SigningSecrets, now: EpochMs): string | null {
  const { previous } = secrets;
  return previous !== null && previous.expiresAt > now ? previous.secret : null;
}

/**
 * The signatures that a delivery can carry, and their keys. Only WebCrypto is used, so that the code runs everywhere.
 */
import { checkString } from "../options.ts";

/**
 * The signature schemes.
 *
 * - `standard`: `webhook-signature` (Standard Webhooks 1.0), on every delivery
 * - `pacspace`: `X-PacSpace-Signature` and `X-PacSpace-Timestamp`
 * - `plain`: `X-Webhook-Signature` and `X-Webhook-Timestamp`
 * - `pausepoint`: `X-PausePoint-Signature`, the only one without a timestamp
 */
export type SignatureScheme = "standard" | "pacspace" | "plain" | "pausepoint";

/** All schemes in order of preference. The first one signs the most. */
export const SCHEME_NAMES: readonly SignatureScheme[] = ["standard", "pacspace", "plain", "pausepoint"];

const PREFIX = "whsec_";
const KEY_BYTES_MIN = 24;
const KEY_BYTES_MAX = 64;
/** RFC 4648 §4 with the required padding and no stray bits in the last digit. */
const STRICT_BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/][AQgw]==)?$/;
const encoder = new TextEncoder();

/** Bytes in an `ArrayBuffer`, as WebCrypto requires. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Whether a value is a non-empty string. In plain JavaScript, it may be an environment variable that is not set. */
export function isSecret(secret: unknown): secret is string {
  return typeof secret === "string" && secret !== "";
}

/**
 * Check a secret before anything is signed, because anyone could sign with an empty key.
 *
 * @throws {TypeError} unless the value is a non-empty string
 */
export function checkSecret(secret: unknown): void {
  checkString("The secret", secret);
}

/**
 * The key for a scheme: `standard` decodes a `whsec_` secret of 24 to 64 bytes. Otherwise the key is the secret's UTF-8
 * bytes.
 */
function keyBytes(scheme: SignatureScheme, secret: string): Bytes {
  const decoded = scheme === "standard" && secret.startsWith(PREFIX) ? decodeBase64(secret.slice(PREFIX.length)) : null;
  const isKey = decoded !== null && decoded.length >= KEY_BYTES_MIN && decoded.length <= KEY_BYTES_MAX;
  return isKey ? decoded : encoder.encode(secret);
}

/** Null for what is not base64 with its padding. */
export function decodeBase64(text: string): Bytes | null {
  return STRICT_BASE64.test(text) ? Uint8Array.from(atob(text), (digit) => digit.charCodeAt(0)) : null;
}

/** The values that identify an attempt. They are signed with the body if the scheme includes them. */
export interface Stamp {
  readonly id: string;
  /** Unix seconds, as in the header. */
  readonly timestamp: string;
}

/** The signature in the form of the scheme's header: `v1,<base64>`, `v1=<hex>` or `sha256=<hex>`. */
export async function signature(scheme: SignatureScheme, secret: string, stamp: Stamp, body: Bytes): Promise<string> {
  switch (scheme) {
    case "standard":
      return `v1,${toBase64(await mac(keyBytes(scheme, secret), `${stamp.id}.${stamp.timestamp}.`, body))}`;
    case "pacspace":
    case "plain":
      return `v1=${toHex(await mac(keyBytes(scheme, secret), `${stamp.timestamp}.`, body))}`;
    case "pausepoint":
      return `sha256=${toHex(await mac(keyBytes(scheme, secret), "", body))}`;
  }
}

/** HMAC-SHA-256 of a text. The secret and the text are encoded as UTF-8. */
export async function hmacHex(secret: string, text: string): Promise<string> {
  return toHex(await mac(encoder.encode(secret), text, encoder.encode("")));
}

async function mac(key: Bytes, before: string, body: Bytes): Promise<Uint8Array> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const cryptoKey = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  const prefix = encoder.encode(before);
  const content = new Uint8Array(prefix.length + body.length);
  content.set(prefix);
  content.set(body, prefix.length);
  return new Uint8Array(await crypto.subtle.sign(algorithm.name, cryptoKey, content));
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** SHA-256 of a text's UTF-8, in hex. */
export async function sha256Hex(text: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text))));
}

/**
 * Whether an Ed25519 key signed the UTF-8 of this text.
 *
 * @param publicKey 32 bytes
 */
export async function isSignedBy(publicKey: Bytes, text: string, signature: Bytes): Promise<boolean> {
  const key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", key, signature, encoder.encode(text));
}

/** Compare two strings in a time that depends only on their lengths. */
export function equalInConstantTime(expected: string, given: string): boolean {
  if (expected.length !== given.length) return false;
  let difference = 0;
  for (let index = 0; index < expected.length; index++) {
    difference |= expected.charCodeAt(index) ^ given.charCodeAt(index);
  }
  return difference === 0;
}

/** Copy a body into new bytes; null for a value that is neither text nor bytes. */
export function rawBytes(body: unknown): Bytes | null {
  if (typeof body === "string") return encoder.encode(body);
  if (body instanceof ArrayBuffer) return new Uint8Array(body.slice(0));
  // A Buffer can come from another realm, for example in test runners, where `instanceof Uint8Array` is false.
  return ArrayBuffer.isView(body)
    ? new Uint8Array(new Uint8Array(body.buffer, body.byteOffset, body.byteLength))
    : null;
}

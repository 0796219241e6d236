import { tagOf } from "../options.ts";
import { canonical, checkText } from "./canonical.ts";
import { checkSecret, hmacHex } from "./signature.ts";

const FIELD = "signature";

/**
 * Sign a body for a Signalbox source of scheme `jcs`, such as the pause-status webhook. The signature is in the body's
 * own field `signature` and covers the other fields in the canonical form of RFC 8785. Software on the way may
 * therefore parse the body and serialize it again.
 *
 * @param body a JSON object or its text; an existing `signature` is replaced. An object is signed as `JSON.stringify`
 *   writes it: `toJSON` is called, and members that JSON cannot represent are left out
 * @param secret the source's secret; its UTF-8 bytes are the key
 * @returns the JSON text to send, in canonical form
 * @throws {TypeError} for a body that is not a JSON object (bytes, a Map, a Set and a Promise are not), that repeats a
 *   key at any depth, that contains a lone surrogate, a number that is not finite, or a number that canonical form
 *   would change (one with more digits than a double can hold; send it as a string), or that is nested deeper than 64
 *   levels; and for a secret that is empty or not a string
 */
export async function signJcs(body: object | string, secret: string): Promise<string> {
  checkSecret(secret);
  const { [FIELD]: _, ...rest } = parse(typeof body === "string" ? body : objectText(body));
  const signature = `sha256=${await hmacHex(secret, canonical(rest))}`;
  return canonical({ ...rest, [FIELD]: signature });
}

/**
 * @throws {TypeError} for what JSON cannot represent without a change
 */
export function objectText(body: object): string {
  // In plain JavaScript the body can be anything. A function, for example, has no JSON text.
  if (isNotARecord(body)) throw new TypeError(`The body is of type ${tagOf(body)}, not a JSON object or its text.`);
  const text = stringify(body);
  if (text === undefined) throw new TypeError(NOT_AN_OBJECT);
  return text;
}

/** JSON writes `{}` or the bytes for these, which is not what the caller meant to sign. */
function isNotARecord(body: unknown): boolean {
  return ArrayBuffer.isView(body) || ["ArrayBuffer", "Map", "Set", "Promise"].includes(tagOf(body));
}

function stringify(body: object): string | undefined {
  try {
    return JSON.stringify(body, lossless);
  } catch (cause) {
    if (cause instanceof RangeError) throw new TypeError("The body is too deep or too long for JSON.", { cause });
    throw cause;
  }
}

/** `JSON.stringify` writes `null` for such numbers, and its error for a BigInt does not say what to do. */
function lossless(_key: string, value: unknown): unknown {
  const number = value instanceof Number ? Number(value) : value;
  if (typeof number === "number" && !Number.isFinite(number)) throw new TypeError(`JSON cannot represent ${number}.`);
  if (typeof value === "bigint") throw new TypeError("A BigInt has no canonical form; send it as a string.");
  return value;
}

function parse(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TypeError("The body is not JSON.", { cause });
  }
  checkText(text);
  return asObject(value);
}

const NOT_AN_OBJECT = "The body is not a JSON object.";

function asObject(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new TypeError(NOT_AN_OBJECT);
}

import { tagOf } from "../options.ts";
import { canonical, checkText } from "./canonical.ts";
import { checkSecret, hmacHex } from "./signature.ts";

const FIELD = "signature";

/**
 * Sign a body for a Signalbox source of scheme `jcs`, such as the pause-status webhook: the signature stands in the
 * body's own field `signature`, and is made of the rest in the canonical form of RFC 8785, so that whatever parses the
 * body and writes it again on its way does no harm.
 *
 * @param body   a JSON object, or the text of one; a `signature` that it has already is replaced. Of an object what
 *   `JSON.stringify` says of it is signed: `toJSON` is asked, and members that JSON has no word for are left out
 * @param secret the source's secret; its UTF-8 bytes are the key
 * @returns the JSON text to send, in canonical form
 * @throws {TypeError} for a body that is not a JSON object (bytes, a Map, a Set and a Promise are none), repeats a key
 *   (at any depth), has a number that canonical form would change (more digits than a double holds; send it as a
 *   string), a number that is not finite or half of a surrogate pair, or is nested deeper than 64 levels; and for a
 *   secret that is not a string, or empty
 */
export async function signJcs(body: object | string, secret: string): Promise<string> {
  checkSecret(secret);
  const { [FIELD]: _, ...rest } = parse(typeof body === "string" ? body : textOf(body));
  const signature = `sha256=${await hmacHex(secret, canonical(rest))}`;
  return canonical({ ...rest, [FIELD]: signature });
}

function textOf(body: object): string {
  // In plain JavaScript it may be anything; of a function or nothing at all there is no text.
  if (isWithoutMembers(body)) throw new TypeError(`The body is of type ${tagOf(body)}, not a JSON object or its text.`);
  const text = stringify(body);
  if (text === undefined) throw new TypeError(NO_OBJECT);
  return text;
}

/** JSON says `{}` of these, or lists their bytes: what would be signed is not what was meant. */
function isWithoutMembers(body: unknown): boolean {
  return ArrayBuffer.isView(body) || ["ArrayBuffer", "Map", "Set", "Promise"].includes(tagOf(body));
}

function stringify(body: object): string | undefined {
  try {
    return JSON.stringify(body, withoutLoss);
  } catch (cause) {
    if (cause instanceof RangeError) throw new TypeError("The body is too deep or too long for JSON.", { cause });
    throw cause;
  }
}

/** `JSON.stringify` writes `null` for these, and says of a BigInt only that it cannot. */
function withoutLoss(_key: string, value: unknown): unknown {
  const number = value instanceof Number ? Number(value) : value;
  if (typeof number === "number" && !Number.isFinite(number)) throw new TypeError(`JSON has no ${number}.`);
  if (typeof value === "bigint") throw new TypeError("A BigInt has no canonical form: send it as a string.");
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

const NO_OBJECT = "The body is not a JSON object.";

function asObject(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new TypeError(NO_OBJECT);
}

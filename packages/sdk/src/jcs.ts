import { canonical, checkText } from "./canonical.ts";
import { WebhookVerificationError } from "./errors.ts";
import { hmacHex } from "./signature.ts";

const FIELD = "signature";

/**
 * Sign a body for a Signalbox source of scheme `jcs`, such as the pause-status webhook: the signature stands in the
 * body's own field `signature`, and is made of the rest in the canonical form of RFC 8785, so that whatever parses the
 * body and writes it again on its way does no harm.
 *
 * @param body   a JSON object, or the text of one; a `signature` that it has already is replaced
 * @param secret the source's secret; its UTF-8 bytes are the key
 * @returns the JSON text to send, in canonical form
 * @throws {TypeError} for a body that is not a JSON object, repeats a key (at any depth), has a number that canonical
 *   form would change (more digits than a double holds; send it as a string) or half of a surrogate pair
 * @throws {WebhookVerificationError} `invalid_secret` for an empty secret
 */
export async function signJcs(body: object | string, secret: string): Promise<string> {
  if (secret === "") throw new WebhookVerificationError("invalid_secret", "The secret is empty.");
  const { [FIELD]: _, ...rest } =
    typeof body === "string" ? parse(body) : asObject(JSON.parse(canonical(body) ?? "null"));
  const signature = `sha256=${await hmacHex(secret, canonical(rest) ?? "")}`;
  return canonical({ ...rest, [FIELD]: signature }) ?? "";
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

function asObject(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new TypeError("The body is not a JSON object.");
}

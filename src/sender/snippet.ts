/** The part of a response that the history shows. Of the body, always harmless text. */
import { MORE_HEADERS } from "../domain/delivery/stored-headers.ts";
import { RESPONSE_HEADERS_FAILED_CHARS_MAX, RESPONSE_HEADERS_OK_CHARS_MAX } from "../domain/limits.ts";

/** Above this share of characters that are not text, a body counts as binary and is not shown. */
const UNREADABLE_SHARE_MAX = 0.25;

// Control characters except line feed and tab, and the characters that reverse the reading direction.
// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern matches control characters
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;
const PLAIN = /^[\n\t\x20-\x7e]*$/;

/**
 * Decode the start of a body as lenient UTF-8. A character cut off at the end is dropped, invalid bytes become U+FFFD,
 * and control characters are removed.
 */
export function readSnippet(bytes: Buffer): string {
  const text = bytes.toString("utf8", 0, wholeCharactersLength(bytes));
  if (PLAIN.test(text)) return text;
  const tidy = text.replace(/\r\n?/g, "\n");
  const unreadable = (tidy.match(UNSAFE)?.length ?? 0) + (tidy.match(/\ufffd/g)?.length ?? 0);
  if (unreadable > tidy.length * UNREADABLE_SHARE_MAX) return "(binary body)";
  return tidy.replace(UNSAFE, "");
}

/** The length without a multi-byte character that is cut off at the end. */
function wholeCharactersLength(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if (byte < 0x80) return bytes.length;
    if (byte >= 0xc0) return utf8Length(byte) > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

function utf8Length(leadByte: number): number {
  if (leadByte >= 0xf0) return 4;
  return leadByte >= 0xe0 ? 3 : 2;
}

/** Headers that nearly every response has. The history does not store them with a success. */
const ROUTINE = new Set(["connection", "content-length", "date", "keep-alive", "transfer-encoding"]);

/**
 * The kept lines with one more. A cookie would be a secret of the receiver.
 *
 * @param name in lower case
 */
export function keepHeader(kept: string, httpStatus: number, name: string, value: string): string {
  const isFailure = httpStatus >= 300;
  if (!isFailure && ROUTINE.has(name)) return kept;
  if (kept.endsWith(MORE_HEADERS)) return kept;
  const charsMax = isFailure ? RESPONSE_HEADERS_FAILED_CHARS_MAX : RESPONSE_HEADERS_OK_CHARS_MAX;
  const line = `${name}: ${name === "set-cookie" ? "(not stored)" : value}\n`;
  return kept + (kept.length + line.length < charsMax ? line : MORE_HEADERS);
}

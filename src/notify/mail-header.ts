/** Untrusted text as the value of a mail header. */

/** Of UTF-8 in one encoded word, so that each fits into a line of 76 characters (RFC 2047 §2) beside the header's name. */
const WORD_BYTES_MAX = 39;
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/**
 * Text that every mail program shows as it is. A text in ASCII may look like an encoded word (`=?utf-8?B?4oCuZXZpbA==?=`),
 * and would be decoded; so it is encoded itself, as any text is that ASCII cannot hold.
 *
 * @param text on one line
 */
export function headerText(text: string): string {
  return PRINTABLE_ASCII.test(text) && !text.includes("=?") ? text : encodedWords(text);
}

/** No character is cut in two (RFC 2047 §5). */
function encodedWords(text: string): string {
  const words: string[] = [];
  let word = "";
  for (const character of text) {
    if (Buffer.byteLength(word + character) > WORD_BYTES_MAX) {
      words.push(word);
      word = "";
    }
    word += character;
  }
  return [...words, word].map((part) => `=?UTF-8?B?${Buffer.from(part).toString("base64")}?=`).join(" ");
}

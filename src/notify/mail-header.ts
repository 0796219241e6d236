/** Encode untrusted text as the value of a mail header. */

/**
 * Bytes of UTF-8 in one encoded word. With the header's name, the word then fits into a line of 76 characters (RFC 2047
 * §2).
 */
const WORD_BYTES_MAX = 39;
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/**
 * Encode a text so that every mail client shows it unchanged. ASCII text that looks like an encoded word
 * (`=?utf-8?B?4oCuZXZpbA==?=`) would be decoded, so it is encoded as well, like text that is not ASCII.
 *
 * @param text a single line
 */
export function headerText(text: string): string {
  return PRINTABLE_ASCII.test(text) && !text.includes("=?") ? text : encodedWords(text);
}

/** Characters are not split between words (RFC 2047 §5). */
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

/** Measure and check text by characters. A character is a Unicode code point, which takes one or two UTF-16 units. */

const CONTROL = /\p{Cc}/u;
/** Characters that people do not see: Hangul fillers and variation selectors are letters and marks by their category. */
const UNSEEN = /[\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/gu;
const VISIBLE = /[^\s\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/u;
/** A surrogate pair: one character in two units. */
const PAIR = /[\ud800-\udbff][\udc00-\udfff]/g;

/** Whether a text has at least one and at most `max` characters. */
export function hasCharacters(text: string, max: number): boolean {
  if (text.length <= max) return text !== "";
  return text.length <= 2 * max && text.length - (text.match(PAIR)?.length ?? 0) <= max;
}

/** The first `max` characters of a text. Surrogate pairs are not split. */
export function firstCharacters(text: string, max: number): string {
  return text.length <= max
    ? text
    : Array.from(text.slice(0, 2 * max))
        .slice(0, max)
        .join("");
}

/**
 * Whether every store and terminal takes the text unchanged: no lone surrogates and no control characters, which
 * include NUL.
 */
export function isPlain(text: string): boolean {
  return text.isWellFormed() && !CONTROL.test(text);
}

/** Whether a text can name something: people have to see it, in one line. */
export function isNameUpTo(max: number, text: string): boolean {
  return hasCharacters(text, max) && isPlain(text) && !isBlank(text);
}

export function nameRule(max: number): string {
  return `must have 1 to ${max} characters, at least one visible character, and no control characters`;
}

/** Whether a text has no visible character. */
export function isBlank(text: string): boolean {
  return !VISIBLE.test(text);
}

/** The text without the characters that people do not see, and without surrounding white space. */
export function seenText(text: string): string {
  return text.normalize("NFC").replace(UNSEEN, "").trim();
}

/** Text by its characters: Unicode code points, of which some take two units of a string. */

const CONTROL = /\p{Cc}/u;
const SEEN = /[^\s\p{Cf}]/u;
/** The first and the second half of a character that takes two units. */
const PAIR = /[\ud800-\udbff][\udc00-\udfff]/g;

/** Whether a text has from one to so many characters. */
export function hasCharacters(text: string, max: number): boolean {
  if (text.length <= max) return text !== "";
  return text.length <= 2 * max && text.length - (text.match(PAIR)?.length ?? 0) <= max;
}

/** So many characters of the beginning, none of them halved. */
export function firstCharacters(text: string, max: number): string {
  return text.length <= max
    ? text
    : Array.from(text.slice(0, 2 * max))
        .slice(0, max)
        .join("");
}

/** Text that every store and every terminal takes as it is: no half of a character, no NUL, nothing that acts. */
export function isPlain(text: string): boolean {
  return text.isWellFormed() && !CONTROL.test(text);
}

/** Text of which nothing can be seen. */
export function isBlank(text: string): boolean {
  return !SEEN.test(text);
}

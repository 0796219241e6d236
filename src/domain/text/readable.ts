/** Make untrusted text safe to show to people, in messages and on the page. */

// Control characters except line feed and tab, and the characters that reverse the reading direction.
// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern matches control characters
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Untrusted text without control characters. Its line breaks are kept. */
export function readable(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?|[\u2028\u2029]/g, "\n")
    .replace(UNSAFE, "");
}

// Characters that control a terminal, are invisible, or reverse the reading direction.
const UNPRINTABLE = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** JSON with these characters escaped. The value stays the same. */
export function printableJson(json: string): string {
  return json.replace(UNPRINTABLE, (character) =>
    Array.from({ length: character.length }, (_, at) => `\\u${hex(character.charCodeAt(at))}`).join(""),
  );
}

function hex(unit: number): string {
  return unit.toString(16).padStart(4, "0");
}

/** Untrusted text on one line of a terminal. */
export function terminalLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\uFFFD");
}

/** Untrusted text on one line. */
export function oneLine(text: string): string {
  return readable(text).replace(/\s+/g, " ").trim();
}

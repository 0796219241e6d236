/** Untrusted text as people are shown it, in messages and on the page. */

// Control characters but line feed and tab, and the marks that reverse the reading direction of what follows them.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Untrusted text without what would act instead of being read; its line breaks stay. */
export function readable(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?|[\u2028\u2029]/g, "\n")
    .replace(UNSAFE, "");
}

/** Untrusted text on one line. */
export function oneLine(text: string): string {
  return readable(text).replace(/\s+/g, " ").trim();
}

/** Text as people are shown it in every channel. */
import type { EpochMs } from "../domain/ids.ts";
import type { Notification } from "../ports/notifier.ts";

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

/** The beginning of a text, marked as such when something is missing; never half a character. */
export function cut(text: string, charsMax: number, mark = "…"): string {
  if (text.length <= charsMax) return text;
  const kept = text.slice(0, Math.max(charsMax - mark.length, 0));
  return (/[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept) + mark;
}

const UTC = new Intl.DateTimeFormat("en-GB", {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
  timeZone: "UTC",
});

/** `Friday, 8 May 2026, 14:23 UTC`; seconds are cut off, so that nobody is promised more time than there is. */
export function utc(ms: EpochMs): string {
  const part = Object.fromEntries(UTC.formatToParts(ms).map(({ type, value }) => [type, value]));
  return `${part.weekday}, ${part.day} ${part.month} ${part.year}, ${part.hour}:${part.minute} UTC`;
}

/** Until when, and what then. */
export function deadlineSentences({ expiresAt, timeoutDefault }: Notification): string {
  const otherwise =
    timeoutDefault === null ? "nothing is chosen" : `“${oneLine(timeoutDefault)}” is taken as the answer`;
  return `Please answer by ${utc(expiresAt)}. If nobody does, ${otherwise}.`;
}

/** For those who fear to touch a link, and those who forward messages. */
export const LINK_SENTENCES =
  "Opening the page decides nothing: it asks you to confirm. Whoever has this message can answer, so do not forward it.";

export const TEXT_SENTENCE = "You can add a text of your own on the page.";

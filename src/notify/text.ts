/** Texts that people see in every channel. */

import { humanTime } from "../domain/pauses/human-time.ts";
import { oneLine, readable } from "../domain/text/readable.ts";
import type { Notification } from "../ports/notifier.ts";

/** Truncate a text, and mark it when something was cut off. Characters are not split. */
export function cut(text: string, charsMax: number, mark = "…"): string {
  if (text.length <= charsMax) return text;
  const kept = text.slice(0, Math.max(charsMax - mark.length, 0));
  return (/[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept) + mark;
}

/**
 * The start of a message without punctuation at its end: the requester, or a general phrase when the tenant has no
 * name.
 */
export function opening({ requester, reminder }: Pick<Notification, "requester" | "reminder">): string {
  const asks = requester === null ? "Your answer is needed" : `${oneLine(requester)} asks`;
  return reminder === 0 ? asks : `Reminder: ${asks}`;
}

/** A line for each detail. Further lines of a value are indented, so that none of them looks like another detail. */
export function detailLines({ details }: Pick<Notification, "details">): string {
  return details
    .map(({ label, value }) => `${oneLine(label)}: ${readable(value).trim().replaceAll("\n", "\n    ")}`)
    .join("\n");
}

/** The deadline, and what happens after it. */
export function deadlineSentences({ expiresAt, timeoutDefault, quorum }: Notification): string {
  const otherwise =
    timeoutDefault === null ? "no option is chosen" : `“${oneLine(timeoutDefault)}” is used as the answer`;
  const answerBy = `Please answer by ${humanTime(expiresAt)}.`;
  if (quorum === 1) return `${answerBy} If nobody answers, ${otherwise}.`;
  return `${quorum} people must choose the same option. ${answerBy} If it is not decided by then, ${otherwise}.`;
}

/** For people who hesitate to open a link, and for people who forward messages. */
export function linkSentences({ signInRequired }: Pick<Notification, "signInRequired">): string {
  return signInRequired
    ? "To answer, sign in to the console, which asks you to confirm. Opening a page does not send an answer."
    : "Opening the page does not send an answer: it asks you to confirm. Anyone with this message can answer, so do not forward it.";
}

export const TEXT_SENTENCE = "You can add a note on the page.";

/** Text as people are shown it in every channel. */

import { humanTime } from "../domain/pauses/human-time.ts";
import { oneLine } from "../domain/text/readable.ts";
import type { Notification } from "../ports/notifier.ts";

/** The beginning of a text, marked as such when something is missing; never half a character. */
export function cut(text: string, charsMax: number, mark = "…"): string {
  if (text.length <= charsMax) return text;
  const kept = text.slice(0, Math.max(charsMax - mark.length, 0));
  return (/[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept) + mark;
}

/** What a message begins with: who asks, when there is a name to say. A sentence's beginning, without its end. */
export function opening(requester: string | null): string {
  return requester === null ? "Your answer is needed" : `${oneLine(requester)} asks`;
}

/** Until when, and what then. */
export function deadlineSentences({ expiresAt, timeoutDefault }: Notification): string {
  const otherwise =
    timeoutDefault === null ? "nothing is chosen" : `“${oneLine(timeoutDefault)}” is taken as the answer`;
  return `Please answer by ${humanTime(expiresAt)}. If nobody does, ${otherwise}.`;
}

/** For those who fear to touch a link, and those who forward messages. */
export const LINK_SENTENCES =
  "Opening the page decides nothing: it asks you to confirm. Whoever has this message can answer, so do not forward it.";

export const TEXT_SENTENCE = "You can add a text of your own on the page.";

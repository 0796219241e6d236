/** A question as a Slack message (Block Kit). */

import { SLACK_HEADER_CHARS_MAX, SLACK_PREVIEW_CHARS_MAX, SLACK_SECTION_CHARS_MAX } from "../domain/limits.ts";
import { oneLine, readable } from "../domain/text/readable.ts";
import type { Notification } from "../ports/notifier.ts";
import { cut, deadlineSentences, LINK_SENTENCES, opening, TEXT_SENTENCE } from "./text.ts";

interface PlainText {
  readonly type: "plain_text";
  readonly text: string;
  /** False: `:fire:` stays what was written. */
  readonly emoji: false;
}

type Block =
  | { readonly type: "header" | "section"; readonly text: PlainText }
  | { readonly type: "context"; readonly elements: readonly PlainText[] }
  | { readonly type: "actions"; readonly elements: readonly LinkButton[] };

interface LinkButton {
  readonly type: "button";
  readonly action_id: string;
  readonly style: "primary";
  readonly text: PlainText;
  readonly url: string;
}

export interface SlackMessage {
  /** What notifications show, and programs that know no blocks. */
  readonly text: string;
  /** Nothing in `text` is formatted. */
  readonly mrkdwn: false;
  readonly blocks: readonly Block[];
  /** Off: Slack would open the page for a preview. */
  readonly unfurl_links: false;
  readonly unfurl_media: false;
}

/** Untrusted text stands in `plain_text` alone, where neither mentions nor links nor formatting mean anything. */
export function slackMessage(notification: Notification): SlackMessage {
  const { message, options, respondUrl, allowTextResponse } = notification;
  const headline = opening(notification.requester);
  const notes = [...(allowTextResponse ? [TEXT_SENTENCE] : []), deadlineSentences(notification), LINK_SENTENCES];
  const choices = options.map((option) => `• ${oneLine(option)}`).join("\n");
  const preview = escapedParts(`${headline}: ${oneLine(message)}`, SLACK_PREVIEW_CHARS_MAX)[0] ?? "";
  return {
    text: `${preview}\n${escaped(respondUrl)}`,
    mrkdwn: false,
    blocks: [
      { type: "header", text: plain(escapedParts(cut(headline, SLACK_HEADER_CHARS_MAX), SLACK_HEADER_CHARS_MAX)[0]) },
      ...sections(readable(message)),
      ...sections(choices),
      { type: "context", elements: [plain(escaped(notes.join(" ")))] },
      { type: "actions", elements: [answerButton(respondUrl)] },
    ],
    unfurl_links: false,
    unfurl_media: false,
  };
}

function answerButton(url: string): LinkButton {
  return { type: "button", action_id: "answer", style: "primary", text: plain("Answer"), url };
}

const plain = (text = ""): PlainText => ({ type: "plain_text", text, emoji: false });

/** Escaping makes a text up to five times as long, so a long one may need several sections. */
function sections(text: string): Block[] {
  return escapedParts(text, SLACK_SECTION_CHARS_MAX).map((part) => ({ type: "section", text: plain(part) }));
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** Slack's three control characters, in every kind of text object. */
const escaped = (text: string): string => text.replace(/[&<>]/g, (character) => ENTITIES[character] ?? "");

/** A text in escaped parts of bounded length, cut neither within a character nor within an entity. */
function escapedParts(text: string, charsMax: number): string[] {
  const parts: string[] = [];
  let part = "";
  for (const character of text) {
    const next = escaped(character);
    if (part.length + next.length > charsMax) {
      parts.push(part);
      part = "";
    }
    part += next;
  }
  return part === "" ? parts : [...parts, part];
}

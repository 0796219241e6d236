/** The Slack message for a pause (Block Kit). */

import { SLACK_HEADER_CHARS_MAX, SLACK_PREVIEW_CHARS_MAX, SLACK_SECTION_CHARS_MAX } from "../domain/limits.ts";
import { oneLine, readable } from "../domain/text/readable.ts";
import type { Notification } from "../ports/notifier.ts";
import { cut, deadlineSentences, detailLines, linkSentences, opening, TEXT_SENTENCE } from "./text.ts";

interface PlainText {
  readonly type: "plain_text";
  readonly text: string;
  /** False: `:fire:` is shown as text. */
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
  /** The text for notifications, and for clients that cannot show blocks. */
  readonly text: string;
  /** Slack does not format `text`. */
  readonly mrkdwn: false;
  readonly blocks: readonly Block[];
  /** False, because Slack would open the page to create a preview. */
  readonly unfurl_links: false;
  readonly unfurl_media: false;
}

/**
 * Create the message. Untrusted text is only used in `plain_text`, where mentions, links and formatting have no effect.
 */
export function slackMessage(notification: Notification): SlackMessage {
  const { message, options, respondUrl, allowTextResponse } = notification;
  const headline = opening(notification.requester);
  const notes = [
    ...(allowTextResponse ? [TEXT_SENTENCE] : []),
    deadlineSentences(notification),
    linkSentences(notification),
  ];
  const choices = options.map((option) => `• ${oneLine(option)}`).join("\n");
  const preview = escapedParts(`${headline}: ${oneLine(message)}`, SLACK_PREVIEW_CHARS_MAX)[0] ?? "";
  return {
    text: `${preview}\n${escaped(respondUrl)}`,
    mrkdwn: false,
    blocks: [
      { type: "header", text: plain(escapedParts(cut(headline, SLACK_HEADER_CHARS_MAX), SLACK_HEADER_CHARS_MAX)[0]) },
      ...sections(readable(message)),
      ...sections(detailLines(notification)),
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

/** Escaping can make a text five times as long, so a long one may need several sections. */
function sections(text: string): Block[] {
  return escapedParts(text, SLACK_SECTION_CHARS_MAX).map((part) => ({ type: "section", text: plain(part) }));
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** Escape the three characters that are special in every Slack text object. */
const escaped = (text: string): string => text.replace(/[&<>]/g, (character) => ENTITIES[character] ?? "");

/** Split a text into escaped parts of bounded length, never within a character or an entity. */
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

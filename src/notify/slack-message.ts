/** The Slack message for a pause. */

import { SLACK_PREVIEW_CHARS_MAX } from "../domain/limits.ts";
import { oneLine, readable } from "../domain/text/readable.ts";
import type { Notification } from "../ports/notifier.ts";
import {
  actions,
  answerButton,
  type Block,
  context,
  escaped,
  escapedParts,
  header,
  pageButton,
  sections,
} from "./slack-blocks.ts";
import { deadlineSentences, detailLines, linkSentences, opening, TEXT_SENTENCE } from "./text.ts";

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

const IN_PLACE_SENTENCE = "Press a button to answer here as yourself: it asks you to confirm.";

/**
 * Create the message. Untrusted text is only used in `plain_text`, where mentions, links and formatting have no effect.
 */
export function slackMessage(notification: Notification): SlackMessage {
  const { message, options, allowTextResponse, slackValues, signInRequired, consoleUrl, respondUrl } = notification;
  const headline = opening(notification);
  const page = signInRequired ? consoleUrl : respondUrl;
  const notes = [
    ...(slackValues === null ? [] : [IN_PLACE_SENTENCE]),
    ...(allowTextResponse ? [TEXT_SENTENCE] : []),
    deadlineSentences(notification),
    ...(slackValues === null || !signInRequired ? [linkSentences(notification)] : []),
  ];
  const choices = options.map((option) => `• ${oneLine(option)}`).join("\n");
  const preview = escapedParts(`${headline}: ${oneLine(message)}`, SLACK_PREVIEW_CHARS_MAX)[0] ?? "";
  return {
    text: `${preview}\n${escaped(page)}`,
    mrkdwn: false,
    blocks: [
      header(headline),
      ...sections(readable(message)),
      ...sections(detailLines(notification)),
      ...sections(choices),
      context(notes.join(" ")),
      actions([
        ...(slackValues ?? []).map((value, index) =>
          answerButton({
            id: `choose-${index + 1}`,
            text: oneLine(options[index] ?? "") || `Option ${index + 1}`,
            value,
          }),
        ),
        slackValues === null ? { ...pageButton("Answer", page), style: "primary" } : pageButton("Open the page", page),
      ]),
    ],
    unfurl_links: false,
    unfurl_media: false,
  };
}

/** The email for a pause: a subject, and the same content as plain text and as HTML. */

import { MAIL_SUBJECT_CHARS_MAX } from "../domain/limits.ts";
import { withChoice } from "../domain/pauses/pause.ts";
import { oneLine, readable } from "../domain/text/readable.ts";
import type { Notification } from "../ports/notifier.ts";
import { cut, deadlineSentences, detailLines, linkSentences, opening, TEXT_SENTENCE } from "./text.ts";

export interface EmailMessage {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export function emailMessage(notification: Notification): EmailMessage {
  const headline = opening(notification);
  return {
    subject: cut(`${headline}: ${oneLine(notification.message)}`, MAIL_SUBJECT_CHARS_MAX),
    text: plainText(notification, headline),
    html: html(notification, headline),
  };
}

/** The link to the page where the person can answer, with this option marked. */
function optionLink({ signInRequired, consoleUrl, respondUrl }: Notification, option: string): string {
  return withChoice(signInRequired ? consoleUrl : respondUrl, option);
}

function plainText(notification: Notification, headline: string): string {
  const { message, options, respondUrl, allowTextResponse } = notification;
  const choices = options.map((option) => `* ${oneLine(option)}\n  ${optionLink(notification, option)}`);
  return [
    `${headline}:`,
    readable(message),
    ...(notification.details.length === 0 ? [] : [detailLines(notification)]),
    choices.join("\n"),
    `Open the question:\n${respondUrl}`,
    ...(allowTextResponse ? [TEXT_SENTENCE] : []),
    deadlineSentences(notification),
    linkSentences(notification),
    "",
  ].join("\n\n");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");

const FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";

// Inline styles serve the many mail clients that drop the style sheet. The style sheet serves those that follow the
// reader's dark mode. The button's colors have a contrast of 7:1 on both backgrounds, also in clients that invert them.
const SHEET = `:root{color-scheme:light dark;supported-color-schemes:light dark}
@media (prefers-color-scheme:dark){.ground{background:#14161a!important}.card{background:#1f2329!important}
.ink{color:#f2f4f7!important}.faint{color:#b4bcc8!important}.link{color:#9dbcff!important}}`;

function html(notification: Notification, headline: string): string {
  const { message, respondUrl, allowTextResponse } = notification;
  const faint = (text: string) =>
    `<p class="faint" style="margin:16px 0 0;font-size:14px;line-height:1.5;color:#4b5563">${text}</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escaped(headline)}</title>
<style>${SHEET}</style>
</head>
<body class="ground" style="margin:0;padding:0;background:#f3f4f6">
<table role="presentation" class="ground" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:#f3f4f6">
<tr><td align="center" style="padding:24px 12px">
<table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:560px;background:#ffffff;border-radius:12px">
<tr><td style="padding:24px;${FONT}">
<p class="faint" dir="auto" style="margin:0 0 12px;font-size:15px;color:#4b5563">${escaped(headline)}:</p>
<p class="ink" dir="auto" style="margin:0 0 24px;font-size:19px;line-height:1.5;color:#111827;word-break:break-word">${escaped(readable(message)).replaceAll("\n", "<br>\n")}</p>
${detailTable(notification)}${buttons(notification)}
${allowTextResponse ? faint(escaped(TEXT_SENTENCE)) : ""}
${faint(escaped(deadlineSentences(notification)))}
${faint(`${escaped(linkSentences(notification))} ${pageLink(respondUrl)}`)}
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
`;
}

/** The labels have a column of their own, so that no value can look like another detail. */
function detailTable({ details }: Notification): string {
  if (details.length === 0) return "";
  const cell = (look: string, text: string) =>
    `<td class="${look}" dir="auto" valign="top" style="padding:4px 12px 4px 0;font-size:15px;line-height:1.5;color:${look === "ink" ? "#111827" : "#4b5563"};word-break:break-word">${text}</td>`;
  const rows = details.map(({ label, value }) => {
    const lines = escaped(readable(value).trim()).replaceAll("\n", "<br>\n");
    return `<tr>${cell("faint", escaped(oneLine(label)))}${cell("ink", lines)}</tr>\n`;
  });
  return `<table width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 24px">
${rows.join("")}</table>
`;
}

/** One button for each option, which the page then highlights. */
function buttons(notification: Notification): string {
  return notification.options.map((option) => button(optionLink(notification, option), oneLine(option))).join("\n");
}

function pageLink(respondUrl: string): string {
  return `<a class="link" href="${escaped(respondUrl)}" style="color:#1d4ed8">Open the page without selecting an option</a>`;
}

/**
 * The table cell has the background color, because some clients do not color links. The link fills the cell, so that
 * all of it can be clicked.
 */
function button(href: string, label: string): string {
  return `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 12px">
<tr><td align="center" bgcolor="#1d4ed8" style="border-radius:8px;background:#1d4ed8">
<a href="${escaped(href)}" dir="auto" style="display:block;padding:18px 20px;font-size:18px;line-height:1.3;font-weight:600;color:#ffffff;text-decoration:none;border-radius:8px;word-break:break-word;${FONT}">${escaped(label)}</a>
</td></tr></table>`;
}

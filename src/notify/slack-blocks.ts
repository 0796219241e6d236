/** The parts of Slack messages (Block Kit). All texts are `plain_text`, where mentions, links and formatting have no effect. */

import { SLACK_BUTTON_CHARS_MAX, SLACK_HEADER_CHARS_MAX, SLACK_SECTION_CHARS_MAX } from "../domain/limits.ts";
import { cut } from "./text.ts";

interface PlainText {
  readonly type: "plain_text";
  readonly text: string;
  /** False: `:fire:` is shown as text. */
  readonly emoji: false;
}

export type Block =
  | { readonly type: "header" | "section"; readonly text: PlainText }
  | { readonly type: "context"; readonly elements: readonly PlainText[] }
  | { readonly type: "actions"; readonly elements: readonly Button[] };

interface Button {
  readonly type: "button";
  readonly action_id: string;
  readonly style?: "primary";
  readonly text: PlainText;
  /** A button with a URL opens it, and its click asks for nothing. */
  readonly url?: string;
  readonly value?: string;
}

export function header(text: string): Block {
  return { type: "header", text: plain(shortened(text, SLACK_HEADER_CHARS_MAX)) };
}

/** Escaping can make a text five times as long, so a long one may need several sections. */
export function sections(text: string): Block[] {
  return escapedParts(text, SLACK_SECTION_CHARS_MAX).map((part) => ({ type: "section", text: plain(part) }));
}

export function context(text: string): Block {
  return { type: "context", elements: [plain(escaped(text))] };
}

export function actions(elements: readonly Button[]): Block {
  return { type: "actions", elements };
}

export function pageButton(label: string, url: string): Button {
  return { type: "button", action_id: "answer", text: plain(label), url };
}

/** @param id differs from that of the other buttons in the message */
export function answerButton({ id, text, value }: Record<"id" | "text" | "value", string>): Button {
  return { type: "button", action_id: id, text: plain(shortened(text, SLACK_BUTTON_CHARS_MAX)), value };
}

const plain = (text = ""): PlainText => ({ type: "plain_text", text, emoji: false });

function shortened(text: string, charsMax: number): string | undefined {
  return escapedParts(cut(text, charsMax), charsMax)[0];
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** Escape the three characters that are special in every Slack text object. */
export const escaped = (text: string): string => text.replace(/[&<>]/g, (character) => ENTITIES[character] ?? "");

/** Split a text into escaped parts of bounded length, never within a character or an entity. */
export function escapedParts(text: string, charsMax: number): string[] {
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

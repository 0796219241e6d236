/** What Slack sends when a person presses a button: a form whose `payload` is a JSON object. */
import {
  SLACK_BUTTON_VALUE_CHARS_MAX,
  SLACK_PERSON_CHARS_MAX,
  SLACK_REPLY_URL_CHARS_MAX,
} from "../../domain/limits.ts";

export type SlackInteraction =
  | SlackClick
  /** Nothing to do, such as a button that only opens a page. */
  | { readonly kind: "other" }
  | { readonly kind: "invalid"; readonly field: string; readonly rule: string };

export interface SlackClick {
  readonly kind: "click";
  /** The id of the person in Slack. */
  readonly person: string;
  readonly value: string;
  /** Where replies go. */
  readonly replyUrl: string;
}

const OTHER = { kind: "other" } as const;

/** @param body a request that Slack has signed; its content is still checked, since Slack's formats change */
export function readInteraction(body: Uint8Array): SlackInteraction {
  const texts = new URLSearchParams(Buffer.from(body).toString("utf8")).getAll("payload");
  const [text] = texts;
  if (text === undefined || texts.length > 1) return invalid("payload", "must be in the form once");
  const payload = parseJson(text);
  if (!isObject(payload)) return invalid("payload", "must be a JSON object");
  if (payload.type !== "block_actions") return OTHER;
  const value = pressedValue(payload.actions);
  if (value === null) return OTHER;
  const person = isObject(payload.user) ? boundedText(payload.user.id, SLACK_PERSON_CHARS_MAX) : null;
  if (person === null) return invalid("payload.user.id", "must be the id of a person");
  const replyUrl = boundedText(payload.response_url, SLACK_REPLY_URL_CHARS_MAX);
  if (replyUrl === null) return invalid("payload.response_url", "must be the URL for replies");
  return { kind: "click", person, value, replyUrl };
}

/** The value of the button that was pressed. Buttons that open a page have none. */
function pressedValue(actions: unknown): string | null {
  if (!Array.isArray(actions)) return null;
  const [action] = actions as unknown[];
  return isObject(action) ? boundedText(action.value, SLACK_BUTTON_VALUE_CHARS_MAX) : null;
}

function boundedText(value: unknown, charsMax: number): string | null {
  return typeof value === "string" && value !== "" && value.length <= charsMax ? value : null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function invalid(field: string, rule: string): SlackInteraction {
  return { kind: "invalid", field, rule };
}

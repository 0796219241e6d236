/**
 * Human pauses: a question to a person, and its exactly one ending (contract, section 6).
 *
 * A time-out is shown only once it is written down, by whoever first looks after the deadline: shown any sooner, an
 * answer still on its way to the disk could win afterwards, and two people would have been told two endings.
 */
import type { EpochMs, Seq, Uuid } from "../ids.ts";
import { wholeSeconds } from "../text/time.ts";

export const PAUSE_STATUSES = ["pending", "responded", "timed_out", "cancelled"] as const;
export type PauseStatus = (typeof PAUSE_STATUSES)[number];

export const CHANNELS = ["email", "slack", "sms"] as const;
/** How a person is told of a pause. */
export type Channel = (typeof CHANNELS)[number];

export type DecidedBy = "human" | "timeout_default";

/** Whom to tell, and how. */
export interface Recipient {
  readonly channel: Channel;
  /** An e-mail address, a Slack incoming-webhook URL, or an E.164 number. */
  readonly address: string;
}

/** What a person is asked. */
export interface Question {
  readonly message: string;
  /** Two to five different ones. */
  readonly options: readonly string[];
  readonly allowTextResponse: boolean;
  /** One of the options; null: a time-out leaves the choice open. */
  readonly timeoutDefault: string | null;
  /** The object's own JSON text, as it stood in the request. */
  readonly metadata: string | null;
}

/** `pending` until the person was told, or it failed for good. `none`: nobody was to be told. */
export interface NotificationState {
  readonly status: "none" | "pending" | "sent" | "failed";
  /** Why it is not sent; null when it is. */
  readonly reason: string | null;
}

export interface Pause extends Question {
  readonly id: Uuid;
  readonly seq: Seq;
  readonly tenantId: Uuid;
  readonly tenantSeq: Seq;
  /** Who asks, as the person is shown it. */
  readonly tenantName: string;
  readonly recipient: Recipient | null;
  readonly notification: NotificationState;
  readonly expiresAt: EpochMs;
  readonly createdAt: EpochMs;
  readonly ending: Ending | null;
}

export type Ending =
  | { readonly status: "responded"; readonly choice: string; readonly text: string | null; readonly at: EpochMs }
  /** `choice` is the question's default. `at` is when the pause expired. */
  | { readonly status: "timed_out"; readonly choice: string | null; readonly at: EpochMs }
  | { readonly status: "cancelled"; readonly at: EpochMs };

/** What a pause becomes when nobody answers. */
export function timeOutOf({ timeoutDefault, expiresAt }: Pick<Pause, "timeoutDefault" | "expiresAt">): Ending {
  return { status: "timed_out", choice: timeoutDefault, at: expiresAt };
}

/** The three fields that every view of a pause has of its ending; all null while it is pending. */
export interface Response {
  readonly choice: string | null;
  readonly text: string | null;
  readonly at: EpochMs | null;
  readonly decidedBy: DecidedBy | null;
}

export function responseOf(ending: Ending | null): Response {
  switch (ending?.status) {
    case "responded":
      return { choice: ending.choice, text: ending.text, at: ending.at, decidedBy: "human" };
    case "timed_out":
      return ending.choice === null
        ? NO_RESPONSE
        : { choice: ending.choice, text: null, at: ending.at, decidedBy: "timeout_default" };
    default:
      return NO_RESPONSE;
  }
}

const NO_RESPONSE: Response = { choice: null, text: null, at: null, decidedBy: null };

/** Whether an answer is the one that won: then giving it again is no mistake. */
export function isSameAnswer(ending: Ending, choice: string, text: string | null): boolean {
  return ending.status === "responded" && ending.choice === choice && ending.text === text;
}

/** The event that an ending publishes; see `pausepoint-webhooks.txt` for its fields and their order. */
export function endingEvent(
  ending: Ending,
  metadata: string | null,
): { readonly type: string; readonly payload: string } {
  const { choice, text, at } = responseOf(ending);
  const shownAt = at === null ? "null" : `"${wholeSeconds(at)}"`;
  const shownText = ending.status === "timed_out" ? "" : `"text":${JSON.stringify(text)},`;
  return {
    type: `pause.${ending.status}`,
    payload: `{"choice":${JSON.stringify(choice)},${shownText}"response_at":${shownAt},"metadata":${metadata ?? "null"}}`,
  };
}

/** From the first failed try on: soon while a person may still be waiting for it, then as long as a mail server's night. */
const NOTIFICATION_RETRY_SECONDS: readonly number[] = [5, 30, 120, 600, 1800, 3600, 7200, 14_400, 14_400];

/**
 * The wait before the next try to tell somebody, spread by a tenth; null when there is none.
 *
 * @param attempts tries before the one that just failed
 * @param jitter   uniform in [0, 1)
 */
export function notificationWaitMs(attempts: number, jitter: number): number | null {
  const seconds = NOTIFICATION_RETRY_SECONDS[attempts];
  return seconds === undefined ? null : Math.round(seconds * 1000 * (1 + jitter / 10));
}

/** An address as whoever asked may see it again: a Slack URL is a credential, of which only the host is shown. */
export function maskedAddress({ channel, address }: Recipient): string {
  if (channel !== "slack") return address;
  const [, scheme = "", host = ""] = /^(https?:\/\/)(?:[^/?#]*@)?([^/?#]+)/i.exec(address) ?? [];
  return `${scheme}${host}/…`;
}

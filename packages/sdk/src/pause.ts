/** A human pause as it is on the wire, and the events of its ending. */
import type { JsonObject, PauseEventType } from "./types.ts";

/** `pending` until its exactly one ending. */
export type PauseStatus = "pending" | "responded" | "timed_out" | "cancelled";

/** How a person is told. */
export type PauseChannel = "email" | "slack" | "sms";

/** A question to a person. */
export interface PauseInput {
  /** 1 to 2000 characters. */
  readonly message: string;
  /** 2 to 5 different ones of 1 to 100 characters. */
  readonly options: readonly string[];
  /** Whom to notify, by `channel`; without both nobody is, and you pass `respond_url` on. */
  readonly channel?: PauseChannel | null;
  /** An e-mail address, a Slack incoming-webhook URL, or a phone number such as `+436641234567`. */
  readonly recipient?: string | null;
  /** Whether the person may add up to 2000 characters; default false. */
  readonly allow_text_response?: boolean;
  /** 1 to 8760; default 24. */
  readonly timeout_hours?: number;
  /** 1 to 31536000, instead of `timeout_hours`. */
  readonly expires_in_seconds?: number;
  /** One of the options, taken when nobody answers in time; null is none. */
  readonly timeout_default?: string | null;
  /** At most 16 KB of JSON; comes back with the pause and in its event. */
  readonly metadata?: object | null;
}

/** A new pause. */
export interface CreatedPause {
  /** `psr_…`. */
  readonly pause_id: string;
  readonly status: "pending";
  /** The page on which to decide. Whoever has it can decide. */
  readonly respond_url: string;
  readonly expires_at: string;
  readonly created_at: string;
}

/** What became of telling the person; `reason` says why it was not sent. */
export interface PauseNotification {
  readonly status: "none" | "pending" | "sent" | "failed";
  readonly reason: string | null;
}

/** A question to a person, and what came of it. */
export interface Pause {
  /** `psr_…`. */
  readonly pause_id: string;
  readonly status: PauseStatus;
  readonly message: string;
  readonly options: readonly string[];
  readonly allow_text_response: boolean;
  readonly timeout_default: string | null;
  /** What the person chose, or `timeout_default` after a time-out; else null. */
  readonly response_choice: string | null;
  /** What the person added. */
  readonly response_text: string | null;
  readonly response_at: string | null;
  readonly decided_by: "human" | "timeout_default" | null;
  readonly channel: PauseChannel | null;
  /** A Slack URL is masked. */
  readonly recipient: string | null;
  readonly notification: PauseNotification;
  readonly metadata: JsonObject | null;
  /** Null once it has ended. */
  readonly respond_url: string | null;
  readonly expires_at: string;
  readonly created_at: string;
}

/** A pause that will not change any more. */
export interface EndedPause extends Pause {
  readonly status: Exclude<PauseStatus, "pending">;
  readonly respond_url: null;
}

/** Which pauses to list, newest first. */
export interface PauseFilter {
  readonly status?: PauseStatus;
  /** Rows of one page; default the server's. */
  readonly limit?: number;
}

/** One page of pauses. */
export interface PausePage {
  readonly pauses: readonly Pause[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

/** What the three events have in common: the body of a delivery in format `pausepoint`. */
interface PauseEventOf<Type extends PauseEventType, Data> {
  readonly event: Type;
  /** `psr_…`. */
  readonly pause_id: string;
  /** `dev_…`, the tenant. */
  readonly developer_id: string;
  readonly timestamp: string;
  readonly data: Data;
}

/** A person has answered. */
export type PauseRespondedEvent = PauseEventOf<
  "pause.responded",
  {
    readonly choice: string;
    readonly text: string | null;
    readonly response_at: string;
    readonly metadata: JsonObject | null;
  }
>;

/** Nobody has answered in time. Without a `timeout_default`, `choice` and `response_at` are null. */
export type PauseTimedOutEvent = PauseEventOf<
  "pause.timed_out",
  { readonly choice: string | null; readonly response_at: string | null; readonly metadata: JsonObject | null }
>;

/** The question was withdrawn. */
export type PauseCancelledEvent = PauseEventOf<
  "pause.cancelled",
  { readonly choice: null; readonly text: null; readonly response_at: null; readonly metadata: JsonObject | null }
>;

/** How a pause ended; `event` tells which of the three it is. */
export type PauseEvent = PauseRespondedEvent | PauseTimedOutEvent | PauseCancelledEvent;

const EVENT_TYPES: ReadonlySet<unknown> = new Set<PauseEventType>([
  "pause.responded",
  "pause.timed_out",
  "pause.cancelled",
]);

/**
 * Whether the `body` of a verified webhook is the ending of a pause in format `pausepoint`, that of `/v1/webhooks`.
 *
 * It looks at the shape alone: believe only what `verify` gave back.
 */
export function isPauseEvent(body: unknown): body is PauseEvent {
  if (typeof body !== "object" || body === null) return false;
  const { event, pause_id: pauseId, data } = body as Partial<Record<keyof PauseEvent, unknown>>;
  return EVENT_TYPES.has(event) && typeof pauseId === "string" && typeof data === "object" && data !== null;
}

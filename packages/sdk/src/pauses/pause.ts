/** Human pauses as the API returns them, and the events of their endings. */
import type { JsonObject, PauseEventType, UserRef, Vote } from "../types.ts";
import type { Receipt } from "./receipt.ts";

/** A pause is `pending` until it ends, which happens exactly once. */
export type PauseStatus = "pending" | "responded" | "timed_out" | "cancelled";

/** How a person is notified. */
export type PauseChannel = "email" | "slack" | "sms";

/** A fact that the person sees below the message, such as the label `Amount` and the value `340 EUR`. */
export interface PauseDetail {
  /** One line of 1 to 100 characters. */
  readonly label: string;
  /** 1 to 1000 characters. */
  readonly value: string;
}

/** The question to ask a person. */
export interface PauseInput {
  /** 1 to 2000 characters. */
  readonly message: string;
  /** 2 to 5 distinct options of 1 to 100 characters. */
  readonly options: readonly string[];
  /** 1 to 20 facts that the person sees below the message, on the page, in emails, in Slack and in the console. */
  readonly details?: readonly PauseDetail[] | null;
  /** How to notify `recipient`. Without both, nobody is notified, and you pass on `respond_url` yourself. */
  readonly channel?: PauseChannel | null;
  /** An email address, the URL of a Slack incoming webhook, or a phone number such as `+436641234567`. */
  readonly recipient?: string | null;
  /** Whether the person may add a note of up to 2000 characters. Default: false. */
  readonly allow_text_response?: boolean;
  /** 1 to 8760. Default: 24. */
  readonly timeout_hours?: number;
  /** 1 to 31536000; replaces `timeout_hours`. */
  readonly expires_in_seconds?: number;
  /** The option that is chosen when nobody answers in time. Null: no option is chosen. */
  readonly timeout_default?: string | null;
  /**
   * Only a signed-in user may decide, who has typed the password in the last five minutes. The link only shows the
   * question. Default: false.
   */
  readonly protected?: boolean;
  /** `usr_…`: only these 1 to 20 users may decide, signed in. The link only shows the question. */
  readonly approvers?: readonly string[] | null;
  /**
   * How many of the approvers must choose the same option, each with one vote. The user who asks, or who created the key
   * that asks, has none. Default: 1, the first decision counts.
   */
  readonly quorum?: number;
  /** The option that ends the pause with one vote. Only with a quorum above 1. */
  readonly veto?: string | null;
  /** The message is sent again after these 1 to 5 shares of the time, such as 0.5 for half of it, in increasing order. */
  readonly reminders?: readonly number[] | null;
  /** These users may decide too once the share of the time has passed. Only with `approvers`. */
  readonly escalate_to?: EscalationInput | null;
  /** At most 16 KB of JSON, which is returned with the pause and in its event. */
  readonly metadata?: object | null;
}

/** Who may decide too, and when. */
export interface EscalationInput {
  /** Between 0 and 1. */
  readonly share: number;
  /** `usr_…`: 1 to 20 users. */
  readonly approvers: readonly string[];
}

/** A new pause. */
export interface CreatedPause {
  /** `psr_…`. */
  readonly pause_id: string;
  readonly status: "pending";
  /**
   * The page on which to answer. Anyone with the link can answer, unless the pause has `protected` or `approvers`. Null
   * with a session instead of a key, for an agent, and if the tenant withholds links.
   */
  readonly respond_url: string | null;
  readonly expires_at: string;
  readonly created_at: string;
}

/** What the server does if a person approves. */
export interface PauseAct {
  readonly kind: "pause_endpoint" | "resume_endpoint" | "recover" | "replay_events";
  /** Null: not yet. */
  readonly begun_at: string | null;
  /** Null until it is done. */
  readonly outcome: Readonly<Record<string, unknown>> | null;
}

/** The state of the notification. `reason` says why it was not sent. */
export interface PauseNotification {
  readonly status: "none" | "pending" | "sent" | "failed";
  readonly reason: string | null;
}

/** Who may decide a pause too, and when. */
export interface PauseEscalation extends EscalationInput {
  /** In the order of the approvers. */
  readonly approver_emails: readonly string[];
}

/** A pause and its result. */
export interface Pause {
  /** `psr_…`. */
  readonly pause_id: string;
  readonly status: PauseStatus;
  /** The key of the role `agent` that asked. Null: somebody else asked. */
  readonly agent: { readonly id: string; readonly name: string } | null;
  /**
   * The server itself asks, for the agent, and does what `metadata` says once a person has approved it. Null: the question is
   * the caller's own.
   */
  readonly act: PauseAct | null;
  readonly message: string;
  readonly options: readonly string[];
  /** Null: there are none. */
  readonly details: readonly PauseDetail[] | null;
  readonly allow_text_response: boolean;
  readonly timeout_default: string | null;
  readonly protected: boolean;
  /** Null: any user of the tenant may decide it in the console. */
  readonly approvers: readonly string[] | null;
  /** The email addresses of the approvers, in the same order. */
  readonly approver_emails: readonly string[] | null;
  /** How many people must choose the same option. Null: the first decision counts. */
  readonly quorum: number | null;
  /** The option that ends the pause with one vote. */
  readonly veto: string | null;
  /** In their order. Null without a quorum. */
  readonly votes: readonly Vote[] | null;
  /** Whether some option can still get enough votes. Null once the pause has ended, and without a quorum. */
  readonly quorum_reachable: boolean | null;
  readonly reminders: readonly number[] | null;
  readonly escalate_to: PauseEscalation | null;
  /** When the users of `escalate_to` got the right to decide. */
  readonly escalated_at: string | null;
  /** The person's choice, or `timeout_default` after a timeout; otherwise null. */
  readonly response_choice: string | null;
  /** The person's note. */
  readonly response_text: string | null;
  readonly response_at: string | null;
  readonly decided_by: "human" | "timeout_default" | null;
  /** The signed-in user who decided; null when a person decided through the link. */
  readonly decided_by_user: UserRef | null;
  /** `evt_…`: the event of the ending; null while the pause is pending. */
  readonly event_id: string | null;
  readonly channel: PauseChannel | null;
  /** Slack URLs are masked. */
  readonly recipient: string | null;
  readonly notification: PauseNotification;
  readonly metadata: JsonObject | null;
  /** What people decided, signed, for `verifyDecision`. Null unless a person decided. */
  readonly receipt: Receipt | null;
  /** Null when the pause has ended, and when the call was made with a session or by a viewer. */
  readonly respond_url: string | null;
  readonly expires_at: string;
  readonly created_at: string;
}

/** A pause that has ended and does not change again. */
export interface EndedPause extends Pause {
  readonly status: Exclude<PauseStatus, "pending">;
  readonly respond_url: null;
}

/** Selects pauses in lists. */
export interface PauseFilter {
  readonly status?: PauseStatus;
  /** `deadline`: the pending pauses, the earliest deadline first. Default: `newest`. */
  readonly order?: "newest" | "deadline";
  /** `none`: pauses that notify nobody. */
  readonly channel?: PauseChannel | "none";
  /** Text in the message, the details or the metadata, in any letter case, or a whole id. */
  readonly q?: string;
  /** Rows per page. Default: the server's. */
  readonly limit?: number;
}

/** One page of pauses. */
export interface PausePage {
  readonly pauses: readonly Pause[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

/** How many pauses have one status: at most 100,000 are counted. `more` is true when there are more. */
export interface PauseCount {
  readonly count: number;
  readonly more: boolean;
}

/** The number of pauses in each status. */
export interface PauseCounts extends Readonly<Record<PauseStatus, PauseCount>> {
  /** The earliest deadline of a pending pause. */
  readonly next_expires_at: string | null;
}

/** What a person answers. */
export interface PauseAnswer {
  /** One of the options. */
  readonly choice: string;
  /** A note of up to 2000 characters, if the pause allows one. */
  readonly text?: string | null;
}

/** When a pause shall end: one of the two. */
export interface PauseExtension {
  /** From now on. */
  readonly expires_in_seconds?: number | null;
  /** A whole second. */
  readonly expires_at?: string | null;
}

/** What a signed-in user decides. */
export interface PauseDecision extends PauseAnswer {
  /** The user's password, for a protected pause. */
  readonly password?: string | null;
}

/** The votes so far on a pause that several people decide, without who gave them. */
export interface PauseTally {
  /** How many people must choose the same option. */
  readonly quorum: number;
  /** The option that ends the pause with one vote. */
  readonly veto: string | null;
  /** For each option, in their order. */
  readonly counts: readonly { readonly choice: string; readonly count: number }[];
  /** Whether some option can still get enough votes. */
  readonly quorum_reachable: boolean;
}

/** A pause as the person with its link sees it. */
export interface PauseLink
  extends Pick<
    Pause,
    | "pause_id"
    | "status"
    | "message"
    | "options"
    | "details"
    | "allow_text_response"
    | "timeout_default"
    | "response_choice"
    | "response_text"
    | "response_at"
    | "expires_at"
  > {
  /** The name of the tenant, and of the agent's key if an agent asks. Null if the tenant has none of its own. */
  readonly requester: string | null;
  /** Null once the pause has ended, and without a quorum. */
  readonly tally: PauseTally | null;
  /** Where a signed-in user answers, if the link only shows the question. */
  readonly sign_in_url: string | null;
}

/** The common part of the three events, which is the body of a delivery in format `pausepoint`. */
interface PauseEventOf<Type extends PauseEventType, Data> {
  readonly event: Type;
  /** `psr_…`. */
  readonly pause_id: string;
  /** `dev_…`: the tenant. */
  readonly developer_id: string;
  /** Only of a pause that takes several votes, in their order. */
  readonly votes?: readonly Vote[];
  readonly timestamp: string;
  readonly data: Data;
}

/** A person answered. `decided_by_user` is present only if the person was signed in. */
export type PauseRespondedEvent = { readonly decided_by_user?: UserRef } & PauseEventOf<
  "pause.responded",
  {
    readonly choice: string;
    readonly text: string | null;
    readonly response_at: string;
    readonly metadata: JsonObject | null;
  }
>;

/** Nobody answered in time. Without a `timeout_default`, `choice` and `response_at` are null. */
export type PauseTimedOutEvent = PauseEventOf<
  "pause.timed_out",
  { readonly choice: string | null; readonly response_at: string | null; readonly metadata: JsonObject | null }
>;

/** The pause was cancelled. */
export type PauseCancelledEvent = PauseEventOf<
  "pause.cancelled",
  { readonly choice: null; readonly text: null; readonly response_at: null; readonly metadata: JsonObject | null }
>;

/** How a pause ended. `event` says which of the three endings it was. */
export type PauseEvent = PauseRespondedEvent | PauseTimedOutEvent | PauseCancelledEvent;

const EVENT_TYPES: ReadonlySet<unknown> = new Set<PauseEventType>([
  "pause.responded",
  "pause.timed_out",
  "pause.cancelled",
]);

/**
 * Whether the `body` of a verified webhook is the ending of a pause in format `pausepoint`, as endpoints of
 * `/v1/webhooks` receive it.
 *
 * The check covers only the shape, so use it only on a body that `verify` returned.
 */
export function isPauseEvent(body: unknown): body is PauseEvent {
  if (typeof body !== "object" || body === null) return false;
  const { event, pause_id: pauseId, data } = body as Partial<Record<keyof PauseEvent, unknown>>;
  return EVENT_TYPES.has(event) && typeof pauseId === "string" && typeof data === "object" && data !== null;
}

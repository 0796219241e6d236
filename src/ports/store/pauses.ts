/** The verbs on human pauses and on their notifications. */
import type { Actor } from "../../domain/access/access.ts";
import type { QuotaExceeded } from "../../domain/access/quota.ts";
import type { TraceContext } from "../../domain/delivery/trace-context.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type {
  ActKind,
  Channel,
  NotificationState,
  Pause,
  PauseStatus,
  Person,
  Plan,
  Question,
  Recipient,
  SignInRule,
} from "../../domain/pauses/pause.ts";
import type { Cursor } from "./cursor.ts";
import type { IdempotencyClaim, Wake } from "./delivery.ts";

export interface CreatePause {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly id: Uuid;
  readonly question: Question;
  readonly recipient: Recipient | null;
  readonly signIn: SignInRule<Uuid> | null;
  readonly plan: Plan<Uuid> | null;
  /** Each approver is the recipient of an email. Only without `recipient`. */
  readonly tellsApprovers: boolean;
  /** `pending`: the recipient gets a message. */
  readonly notification: NotificationState;
  readonly expiresAt: EpochMs;
  readonly idempotency: IdempotencyClaim | null;
  /** The server asks, and does this if a person approves. */
  readonly act?: ActKind;
  /** The trace of the request, which the event of the ending is part of. */
  readonly trace: TraceContext | null;
  readonly now: EpochMs;
}

export type CreatePauseResult =
  | { readonly kind: "created"; readonly pause: Pause }
  /** This idempotency key was used before, with the same fingerprint: the pause of then, as it is now. */
  | { readonly kind: "repeated"; readonly pause: Pause }
  /** This idempotency key was used before, with another fingerprint. */
  | { readonly kind: "conflict" }
  /** These approvers are not users of the tenant who can sign in and decide: a viewer cannot. */
  | { readonly kind: "unknownApprovers"; readonly ids: readonly Uuid[] }
  /** Without the user who asks, the approvers are fewer than the quorum. */
  | { readonly kind: "tooFewApprovers"; readonly count: number }
  /** An agent may notify only a user of the tenant, by email, who can sign in and decide. */
  | { readonly kind: "recipientNotUser" }
  /** The agent has too many open questions, or asked too many in the last minute. The audit records it. */
  | AgentLimit
  /** The tenant has reached its quota of open pauses, or its storage quota. */
  | QuotaExceeded;

export interface AgentLimit {
  readonly kind: "agentLimit";
  readonly limit: "open" | "rate";
  readonly retryAfterSeconds: number;
}

/** Who ends a pause and how. */
export type EndPause = {
  readonly id: Uuid;
  readonly now: EpochMs;
} & (
  | { readonly by: "human"; readonly choice: string; readonly text: string | null }
  /** A user decides the pause, if it is the tenant's. With a quorum above 1, the decision is a vote. */
  | {
      readonly by: "user";
      readonly actor: Actor;
      readonly email: string;
      /** The audit says where the user answered, if that was not with a session. */
      readonly via?: "slack";
      readonly tenantSeq: Seq;
      readonly choice: string;
      readonly text: string | null;
    }
  /** Cancels the pause, if it is the tenant's. */
  | { readonly by: "developer"; readonly actor: Actor; readonly tenantSeq: Seq }
  /** Only records a timeout that is due. */
  | { readonly by: "deadline" }
);

export type EndPauseResult =
  | { readonly kind: "unknown" }
  /**
   * `ended`: this call ended the pause. `before`: another call had ended it, or its deadline had, which this call may
   * have recorded. `pending`: its deadline is still to come.
   */
  | { readonly kind: "ended" | "before" | "pending"; readonly pause: Pause; readonly woken: readonly Wake[] }
  /** The vote is stored, or the same one was before. The pause goes on. */
  | { readonly kind: "voted"; readonly pause: Pause; readonly woken: readonly Wake[] }
  /** This user has voted for something else, or has no vote. */
  | { readonly kind: "votedBefore" | "noVote"; readonly pause: Pause; readonly woken: readonly Wake[] };

export interface DuePauses {
  /** The pauses that this call timed out. */
  readonly ended: readonly { readonly id: Uuid; readonly tenantSeq: Seq }[];
  readonly woken: readonly Wake[];
  /** The pauses that were escalated, or whose message is sent again, by the channel of the message. */
  readonly stepped: readonly { readonly id: Uuid; readonly tenantSeq: Seq; readonly channel: Channel | null }[];
  /**
   * When the next pending pause expires, is escalated, or has a reminder; not in the future when more are due already. Null
   * when no pause is pending.
   */
  readonly nextAt: EpochMs | null;
}

export interface PauseFilter {
  readonly tenantSeq: Seq;
  readonly status: PauseStatus | null;
  /** `deadline`: the earliest deadline first. Only for pending pauses, whatever `status` says. */
  readonly order: "newest" | "deadline";
  /** `none`: pauses without a recipient. Null: any. */
  readonly channel: Channel | "none" | null;
  /** Text in the question, its details or the metadata, in any letter case, or the id. Null: any. */
  readonly text: string | Uuid | null;
  /** Only the pauses that this agent asked. */
  readonly agentId?: Uuid;
}

export interface PausePage {
  /** At most `limit`, and fewer when a filter by channel or text has looked at `PAUSES_SEARCHED_ROWS_MAX` rows. */
  readonly pauses: readonly Pause[];
  /** Where the next page begins; null at the end. */
  readonly next: Cursor | null;
}

/** How many pauses a tenant has in each status: at most `PAUSES_COUNTED_ROWS_MAX` are counted. */
export interface PauseCounts {
  readonly counts: Readonly<Record<PauseStatus, { readonly count: number; readonly more: boolean }>>;
  /** The earliest deadline of a pending pause. */
  readonly nextExpiresAt: EpochMs | null;
}

/** How the pauses ended that were created in a span of time. */
export interface PauseEndings {
  readonly at: EpochMs;
  readonly pending: number;
  readonly responded: number;
  /** Nobody answered in time. */
  readonly timedOut: number;
  /** Those of `timedOut` whose default was taken. */
  readonly byDefault: number;
  readonly cancelled: number;
  /** How long the people took who responded: the median, and what 95 % did not exceed. Null when nobody responded. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
}

/** An agent carries out what a person approved. */
export interface BeginAct extends PauseAction {
  /** Identifies the call, which may be repeated. */
  readonly claim: Uuid;
}

export type BeginActResult =
  /** This call may do it now, and no other call may. */
  | { readonly kind: "begun"; readonly pause: Pause }
  | { readonly kind: "before" | "notApproved"; readonly pause: Pause }
  /** There is no question of this agent with an act. */
  | { readonly kind: "unknown" };

export interface EndAct {
  readonly tenantSeq: Seq;
  readonly id: Uuid;
  readonly claim: Uuid;
  /** JSON of an object. */
  readonly outcome: string;
}

/** A signed-in user or a key acts on one pause of a tenant. */
export interface PauseAction {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly id: Uuid;
  readonly now: EpochMs;
}

export type ResendResult =
  | { readonly kind: "unknown" }
  /** `resent`: the message is due again. `ended`: the pause has ended, or its deadline has passed. */
  | { readonly kind: "resent" | "ended"; readonly pause: Pause }
  /** It has no recipient, it was created with a test key, or the caller has a test key. */
  | { readonly kind: "notifiesNobody" }
  /** A message is due or is being sent. */
  | { readonly kind: "pending" }
  /** It was sent again `PAUSE_RESENDS_COUNT_MAX` times. */
  | { readonly kind: "tooMany" };

export interface ExtendPause extends PauseAction {
  /** Must be later than the deadline, or the same. */
  readonly expiresAt: EpochMs;
}

export type ExtendResult =
  | { readonly kind: "unknown" }
  /** `ended`: the pause has ended, or its deadline has passed. `notLater`: the pause has a later deadline. */
  | { readonly kind: "extended" | "ended" | "notLater"; readonly pause: Pause };

/** Somebody opened the link of a pause. */
export interface Opening {
  readonly pauseId: Uuid;
  readonly method: string;
  readonly userAgent: string | null;
  readonly now: EpochMs;
}

export interface ClaimNotifications {
  readonly channel: Channel;
  readonly now: EpochMs;
  readonly limit: number;
  /** Tenants take turns: begin with the one after this. 0 begins with the first. */
  readonly afterTenant: Seq;
}

export interface ClaimedNotification {
  readonly pause: Pause;
  /** How many attempts were made before. */
  readonly attempts: number;
  /** The user who gets the message; null: the recipient of the pause. */
  readonly to: Person | null;
  /** 0: the first message. Otherwise, the number of the reminder. */
  readonly reminder: number;
}

export interface ClaimedNotifications {
  readonly claimed: readonly ClaimedNotification[];
  readonly lastTenant: Seq;
  /** When the next notification of this channel becomes due; null when none will. Those that are due already do not count. */
  readonly nextAt: EpochMs | null;
}

export interface SettleNotification {
  readonly pauseId: Uuid;
  readonly now: EpochMs;
  readonly outcome:
    | { readonly kind: "sent" }
    | { readonly kind: "failed"; readonly reason: string }
    | { readonly kind: "again"; readonly at: EpochMs; readonly reason: string }
    /** It was not tried: the server is stopping. */
    | { readonly kind: "released" };
}

export interface PauseVerbs {
  createPause(request: CreatePause): Promise<CreatePauseResult>;
  /** The pause that was created with this key and fingerprint; null when there is none. */
  findRepeatedPause(tenantSeq: Seq, idempotency: IdempotencyClaim, now: EpochMs): Promise<Pause | null>;
  /**
   * End a pause. An answer, a cancellation and the deadline race for this one conditional update; the winner's event is
   * published in the same transaction. An answer or a cancellation at or after `expiresAt` records the timeout instead.
   */
  endPause(request: EndPause): Promise<EndPauseResult>;
  /**
   * Time out at most `limit` pauses whose deadline has passed, and publish their events. Then escalate those whose share of
   * the time has passed, and send messages again, at most `limit` too.
   */
  endDuePauses(now: EpochMs, limit: number): Promise<DuePauses>;
  /** Keeps at most `OPENINGS_COUNT_MAX` openings per pause. */
  recordOpening(opening: Opening): Promise<void>;
  /**
   * Claim due notifications for this node. No tenant has more than `NOTIFICATIONS_OF_TENANT_COUNT_MAX` claimed at once.
   * Notifications of pauses that have ended fail instead.
   */
  claimNotifications(request: ClaimNotifications): Promise<ClaimedNotifications>;
  settleNotification(request: SettleNotification): Promise<void>;
  /** Send the message of a pending pause again, with a new series of attempts. */
  resendNotification(request: PauseAction): Promise<ResendResult>;
  /** Give a pending pause a later deadline. */
  extendPause(request: ExtendPause): Promise<ExtendResult>;
  /** Record that a user was shown the link of a pending pause. Null when there is no such pause. */
  recordReveal(request: PauseAction): Promise<Pause | null>;
  beginAct(request: BeginAct): Promise<BeginActResult>;
  endAct(request: EndAct): Promise<void>;
  /** `tenantSeq` null: a pause of any tenant, for the holder of its link. */
  getPause(tenantSeq: Seq | null, id: Uuid): Promise<Pause | null>;
  listPauses(filter: PauseFilter, cursor: Cursor | null, limit: number): Promise<PausePage>;
  countPauses(tenantSeq: Seq): Promise<PauseCounts>;
  /**
   * By the time of their creation, a bucket for each step from `from` on; those without a pause are left out. Looks at the
   * newest `PAUSE_ENDINGS_ROWS_MAX` pauses. `since`: earlier ones are not counted; null when all are.
   */
  countPauseEndings(
    tenantSeq: Seq,
    span: { readonly from: EpochMs; readonly to: EpochMs; readonly stepMs: number },
  ): Promise<{ readonly since: EpochMs | null; readonly buckets: readonly PauseEndings[] }>;
}

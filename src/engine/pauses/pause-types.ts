/** The types of the engine's pause service, as the API sees them. */
import type { QuotaExceeded } from "../../domain/access/quota.ts";
import type { TraceContext } from "../../domain/delivery/trace-context.ts";
import type { EpochMs, Uuid } from "../../domain/ids.ts";
import type {
  ActKind,
  Channel,
  Ending,
  Pause,
  Plan,
  Question,
  Recipient,
  SignInRule,
} from "../../domain/pauses/pause.ts";
import type {
  AgentLimit,
  CreatePauseResult,
  Cursor,
  PauseCounts,
  PauseEndings,
  PauseFilter,
  ResendResult,
} from "../../ports/store.ts";
import type { Caller } from "../access/caller.ts";
import type { PasswordInput, Session, TooManyTries } from "../access/session-types.ts";

export interface CreatePauseInput {
  readonly question: Question;
  readonly recipient: Recipient | null;
  /** Null: anyone who has the link may decide. */
  readonly signIn: SignInRule<Uuid> | null;
  /** The server asks for the agent, and does this if a person approves. */
  readonly act?: ActKind;
  readonly plan: Plan<Uuid> | null;
  /** Each approver is notified by email, instead of one recipient. */
  readonly tellsApprovers: boolean;
  readonly expiresInSeconds: number;
  readonly idempotencyKey: string | null;
  readonly trace: TraceContext | null;
}

export type CreatePauseOutput =
  /** Created by this call, or by an earlier one with the same idempotency key. */
  | { readonly kind: "created"; readonly view: PauseView }
  /** An earlier call used the idempotency key with different content. */
  | { readonly kind: "conflict" }
  | Extract<CreatePauseResult, { kind: "unknownApprovers" | "tooFewApprovers" | "recipientNotUser" }>
  | AgentLimit
  | QuotaExceeded
  | { readonly kind: "channelNotConfigured"; readonly channel: Channel }
  | { readonly kind: "recipientRefused"; readonly reason: string };

export interface PauseView {
  readonly pause: Pause;
  /** The URL of the page where a person decides; null once the pause has ended, or if its tenant withholds links. */
  readonly respondUrl: string | null;
}

/** How long a request waits for a pause to end. */
export interface LongPoll {
  readonly waitMs: number;
  /** Aborted when the client disconnects. */
  readonly signal: AbortSignal;
  /** Whether the caller may still read the pause: its key may be revoked during the wait. */
  readonly isAuthorized: () => Promise<boolean>;
}

/** Why a pause was not read: too many requests wait for it, or the caller's key or session ended during the wait. */
export type Unread = "tooMany" | "unauthorized";

export interface ListPausesInput extends Omit<PauseFilter, "tenantSeq" | "agentId"> {
  readonly cursor: Cursor | null;
  readonly limit: number;
}

export type RespondOutput =
  /** This answer decided the pause, or an earlier identical one did. */
  | { readonly kind: "decided"; readonly pause: Pause; readonly ending: Ending }
  /** The pause had already ended in another way. */
  | { readonly kind: "tooLate"; readonly pause: Pause; readonly ending: Ending }
  | { readonly kind: "noSuchChoice"; readonly pause: Pause }
  | { readonly kind: "textNotAllowed"; readonly pause: Pause }
  /** The link only shows this pause: a signed-in user decides it. */
  | { readonly kind: "signInRequired"; readonly pause: Pause }
  /** This installation did not sign the token, or its pause was deleted. */
  | { readonly kind: "unknown" };

/** What a user decides. */
export interface DecideInput {
  readonly choice: string;
  readonly text: string | null;
  readonly by: Decider;
}

/** How the server knows the user. */
export type Decider =
  /** `password`: if the user typed it for this decision. */
  | { readonly via: "session"; readonly session: Session; readonly password: PasswordInput }
  /** Slack has said so. Nobody can type a password there. */
  | { readonly via: "slack"; readonly email: string };

export type DecideOutput =
  | RespondOutput
  /** The pause needs more votes than this one, which is stored, or was before. */
  | { readonly kind: "voted"; readonly pause: Pause }
  /** The user has voted for something else. */
  | { readonly kind: "votedBefore"; readonly pause: Pause }
  /** The user asked, and the pause takes votes. */
  | { readonly kind: "requester"; readonly pause: Pause }
  /** The pause names its approvers, and the user is not one of them. */
  | { readonly kind: "notAnApprover"; readonly pause: Pause }
  /** The pause is protected, and no password was typed within `PASSWORD_FRESH_MS`. */
  | { readonly kind: "passwordRequired" }
  | { readonly kind: "wrongPassword" }
  | TooManyTries;

export type ResendOutput =
  | Exclude<ResendResult, { pause: Pause }>
  | { readonly kind: "resent"; readonly view: PauseView }
  | { readonly kind: "ended"; readonly view: PauseView }
  | { readonly kind: "channelNotConfigured"; readonly channel: Channel };

export type ExtendOutput =
  | { readonly kind: "unknown" }
  | { readonly kind: "extended" | "notLater"; readonly view: PauseView }
  | { readonly kind: "ended"; readonly ending: Ending }
  /** The deadline would be more than `PAUSE_SECONDS_MAX` from now. */
  | { readonly kind: "tooFar" };

/** When a pause shall end: seconds from now, or a time. */
export type NewDeadline = { readonly seconds: number } | { readonly at: EpochMs };

/** An agent sees only the pauses that it asked; to its `get`, `list` and `cancel`, there are no others. */
export interface PauseService {
  create(caller: Caller, input: CreatePauseInput): Promise<CreatePauseOutput>;
  /**
   * @param poll waits for the pause to end; null returns at once
   * @returns `tooMany` when `PAUSE_WAITS_COUNT_MAX` requests of the tenant are waiting, or `AGENT_WAITS_OF_PAUSE_COUNT_MAX`
   *          for this pause and the caller is an agent; null for an unknown pause
   */
  get(caller: Caller, id: Uuid, poll: LongPoll | null): Promise<PauseView | null | Unread>;
  list(
    caller: Caller,
    input: ListPausesInput,
  ): Promise<{ readonly views: readonly PauseView[]; readonly next: Cursor | null }>;
  counts(caller: Caller): Promise<PauseCounts>;
  /** How the pauses of a span ended, by the time of their creation. */
  endings(
    caller: Caller,
    span: { readonly from: EpochMs; readonly to: EpochMs; readonly stepMs: number },
  ): Promise<{ readonly since: EpochMs | null; readonly buckets: readonly PauseEndings[] }>;
  /** `before`: the pause had already ended. */
  cancel(
    caller: Caller,
    id: Uuid,
  ): Promise<{ readonly kind: "cancelled" | "before"; readonly view: PauseView } | { readonly kind: "unknown" }>;
  /** Show the pause of a link and record that it was opened. Opening a link decides nothing. Null: an invalid token. */
  open(token: string, opened: { readonly method: string; readonly userAgent: string | null }): Promise<Pause | null>;
  respond(token: string, answer: { readonly choice: string; readonly text: string | null }): Promise<RespondOutput>;
  /** Decide as a user, or vote where the pause takes several votes. */
  decide(caller: Caller, id: Uuid, input: DecideInput): Promise<DecideOutput>;
  /** Give a pending pause a later deadline. Repeating it is no error. */
  extend(caller: Caller, id: Uuid, deadline: NewDeadline): Promise<ExtendOutput>;
  /** Send the person the message again. */
  resend(caller: Caller, id: Uuid): Promise<ResendOutput>;
  /** The pause with its link, which the audit log records as shown to the caller. Null: an unknown pause. */
  reveal(caller: Caller, id: Uuid): Promise<PauseView | null>;
}

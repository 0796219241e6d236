/** What the surfaces may ask of the engine about human pauses. */
import type { AuditType } from "../../domain/access/audit.ts";
import type { QuotaExceeded } from "../../domain/access/quota.ts";
import type { EpochMs, Uuid } from "../../domain/ids.ts";
import type { Channel, Ending, Pause, PauseStatus, Question, Recipient } from "../../domain/pauses/pause.ts";
import type { AuditPage, Cursor } from "../../ports/store.ts";
import type { Caller } from "../access/caller.ts";

export interface CreatePauseInput {
  readonly question: Question;
  readonly recipient: Recipient | null;
  readonly expiresInSeconds: number;
  readonly idempotencyKey: string | null;
}

export type CreatePauseAnswer =
  /** Made now, or before with the same idempotency key. */
  | { readonly kind: "created"; readonly view: PauseView }
  /** The idempotency key came with other content before. */
  | { readonly kind: "conflict" }
  | QuotaExceeded
  | { readonly kind: "channelNotConfigured"; readonly channel: Channel }
  | { readonly kind: "recipientRefused"; readonly reason: string };

/** A pause, and the URL of the page where it is decided; null once it has ended. */
export interface PauseView {
  readonly pause: Pause;
  readonly respondUrl: string | null;
}

/** How long a reader would wait for the ending, and what makes it stop sooner. */
export interface Patience {
  readonly waitMs: number;
  /** Aborted when the caller went away. */
  readonly signal: AbortSignal;
}

export interface ListPausesInput {
  readonly status: PauseStatus | null;
  readonly cursor: Cursor | null;
  readonly limit: number;
}

export interface AuditInput {
  readonly pauseId: Uuid | null;
  readonly type: AuditType | null;
  readonly from: EpochMs | null;
  readonly to: EpochMs | null;
  readonly offset: number;
  readonly limit: number;
}

export type RespondAnswer =
  /** By this answer, or by the same one before. */
  | { readonly kind: "decided"; readonly pause: Pause; readonly ending: Ending }
  /** It had ended otherwise. */
  | { readonly kind: "tooLate"; readonly pause: Pause; readonly ending: Ending }
  | { readonly kind: "noSuchChoice"; readonly pause: Pause }
  | { readonly kind: "textNotAllowed"; readonly pause: Pause }
  /** The token is none of ours, or its pause is long gone. */
  | { readonly kind: "unknown" };

export interface PauseService {
  create(caller: Caller, input: CreatePauseInput): Promise<CreatePauseAnswer>;
  /** `tooMany`: the tenant has `PAUSE_WAITS_COUNT_MAX` readers waiting. */
  get(caller: Caller, id: Uuid, patience: Patience | null): Promise<PauseView | null | "tooMany">;
  list(
    caller: Caller,
    input: ListPausesInput,
  ): Promise<{ readonly views: readonly PauseView[]; readonly next: Cursor | null }>;
  /** `before`: it had ended already. */
  cancel(
    caller: Caller,
    id: Uuid,
  ): Promise<{ readonly kind: "cancelled" | "before"; readonly view: PauseView } | { readonly kind: "unknown" }>;
  /** Look at a pause through its link, which decides nothing and is written down; null for a token that is not ours. */
  open(token: string, opened: { readonly method: string; readonly userAgent: string | null }): Promise<Pause | null>;
  respond(token: string, answer: { readonly choice: string; readonly text: string | null }): Promise<RespondAnswer>;
  audit(caller: Caller, input: AuditInput): Promise<AuditPage>;
}

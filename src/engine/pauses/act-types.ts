/** The types of the engine's service for acts of agents, as the API sees them. */
import type { Uuid } from "../../domain/ids.ts";
import type { Act } from "../../domain/pauses/act.ts";
import type { Pause, Recipient } from "../../domain/pauses/pause.ts";
import type { Caller } from "../access/caller.ts";
import type { CreatePauseOutput } from "./pause-types.ts";

export interface AskActInput {
  readonly act: Act;
  readonly recipient: Recipient | null;
  readonly expiresInSeconds: number;
}

export type AskActOutput =
  | CreatePauseOutput
  | { readonly kind: "unknownEndpoint" }
  | { readonly kind: "unknownDeliveries"; readonly ids: readonly Uuid[] }
  /** The act would change nothing. `why` is a sentence. */
  | { readonly kind: "needless"; readonly why: string };

export type CarryOutOutput =
  /** Done by this call. */
  | { readonly kind: "done"; readonly outcome: object }
  /** Begun by another call. `pause.act.outcome` is null until it is done. */
  | { readonly kind: "before"; readonly pause: Pause }
  /** No person has approved it, or too long ago. */
  | { readonly kind: "notApproved"; readonly pause: Pause }
  /** No question of this agent that asks for an act, or a key that may not act. */
  | { readonly kind: "unknown" };

/** For agents whose keys may ask and operate. */
export interface ActService {
  /** Ask a person to approve the act, with what it would do now. */
  ask(caller: Caller, input: AskActInput): Promise<AskActOutput>;
  /** Do what a person has approved, unless it was begun before. If the server is killed meanwhile, it is not begun again. */
  carryOut(caller: Caller, pauseId: Uuid): Promise<CarryOutOutput>;
}

/** What the callers and the recipients know about human pauses. */
import type { Uuid } from "../../../src/domain/ids.ts";
import type { Ending, Pause } from "../../../src/domain/pauses/pause.ts";
import type { Caller } from "../../../src/engine/access/caller.ts";
import type { CreatePauseInput } from "../../../src/engine/pauses/pause-types.ts";
import type { Effect } from "../answers.ts";

/** A request to create a pause. With an idempotency key it may be sent several times. */
export interface PauseRequest {
  readonly number: number;
  readonly caller: Caller;
  readonly input: CreatePauseInput;
  /** The effect of each time it was sent, `unknown` while it is open. */
  readonly effects: Effect[];
  /** The id of the created pause, if it is known. */
  id: Uuid | null;
}

/** A request to change a pause. Its effect is `unknown` while it is open. */
export interface PauseChange {
  effect: Effect;
}

export interface GivenAnswer extends PauseChange {
  readonly choice: string;
  readonly text: string | null;
}

export interface KnownPause {
  readonly id: Uuid;
  readonly request: PauseRequest;
  readonly expiresAt: number;
  /** Null until a caller was shown the link. */
  token: string | null;
  readonly answers: GivenAnswer[];
  readonly cancels: PauseChange[];
  /** The first ending that the server reported. It must never change. */
  ending: Ending | null;
}

/** Every question contains the number of its request. */
export const messageOf = (number: number): string => `question ${number}?`;

export function numberIn(message: string): number {
  return Number(/^question (\d+)\?$/.exec(message)?.[1]);
}

/** Why the pause cannot have this ending, or null if it can. */
export function endingFault(pause: KnownPause, ending: Ending): string | null {
  const { timeoutDefault, options, allowTextResponse } = pause.request.input.question;
  switch (ending.status) {
    case "responded": {
      const { choice, text } = ending;
      if (!options.includes(choice)) return `the answer ${choice} is not an option`;
      if (text !== null && !allowTextResponse) return "an answer has a text that is not allowed";
      if (ending.at >= pause.expiresAt) return "it was answered at or after its deadline";
      const wasGiven = pause.answers.some(
        (answer) => answer.choice === choice && answer.text === text && answer.effect !== "none",
      );
      return wasGiven ? null : `nobody gave the answer ${choice}, or the server refused it`;
    }
    case "timed_out":
      if (ending.at !== pause.expiresAt) return `it timed out at ${ending.at}, but its deadline is ${pause.expiresAt}`;
      return ending.choice === timeoutDefault ? null : `it timed out with ${ending.choice}`;
    case "cancelled":
      if (ending.at >= pause.expiresAt) return "it was cancelled at or after its deadline";
      return pause.cancels.some(({ effect }) => effect !== "none")
        ? null
        : "nobody cancelled it, or the server refused it";
  }
}

export function matchesRequest(pause: Pause, { input, caller }: PauseRequest): boolean {
  const { message, options, details, allowTextResponse, timeoutDefault, metadata, recipient } = pause;
  const shown = { question: { message, options, details, allowTextResponse, timeoutDefault, metadata }, recipient };
  const asked = { question: input.question, recipient: input.recipient };
  return pause.tenantId === caller.tenantId && JSON.stringify(shown) === JSON.stringify(asked);
}

/** What those who ask, and those who are asked, know of human pauses. */
import type { Uuid } from "../../../src/domain/ids.ts";
import type { Ending, Pause } from "../../../src/domain/pauses/pause.ts";
import type { Caller } from "../../../src/engine/engine-types.ts";
import type { CreatePauseInput } from "../../../src/engine/pauses/pause-service.ts";
import type { Fate } from "../fate.ts";

/** One wish to have a pause made: with an idempotency key it may be uttered several times. */
export interface PauseAsk {
  readonly number: number;
  readonly caller: Caller;
  readonly input: CreatePauseInput;
  /** Of each time it was uttered; `unknown` while it is open. */
  readonly fates: Fate[];
  /** The pause that came of it, as far as anybody knows. */
  id: Uuid | null;
}

/** What somebody tried to make of a pause: `unknown` while it is open. */
export interface Deed {
  fate: Fate;
}

export interface AskedAnswer extends Deed {
  readonly choice: string;
  readonly text: string | null;
}

export interface KnownPause {
  readonly id: Uuid;
  readonly ask: PauseAsk;
  readonly expiresAt: number;
  /** Null while nobody was shown its link. */
  token: string | null;
  readonly answers: AskedAnswer[];
  readonly cancels: Deed[];
  /** As it was first told to anybody, and so for ever. */
  ending: Ending | null;
}

/** Every question names the wish that it came from. */
export const messageOf = (number: number): string => `question ${number}?`;

export function numberIn(message: string): number {
  return Number(/^question (\d+)\?$/.exec(message)?.[1]);
}

/** Why a pause may not have ended so, whoever says that it has; null when it may. */
export function endingFault(pause: KnownPause, ending: Ending): string | null {
  const { timeoutDefault, options, allowTextResponse } = pause.ask.input.question;
  switch (ending.status) {
    case "responded": {
      const { choice, text } = ending;
      if (!options.includes(choice)) return `the answer ${choice} is none of the options`;
      if (text !== null && !allowTextResponse) return "an answer has a text that is not allowed";
      if (ending.at >= pause.expiresAt) return "it was answered at or after its deadline";
      const wasGiven = pause.answers.some(
        (answer) => answer.choice === choice && answer.text === text && answer.fate !== "nothing",
      );
      return wasGiven ? null : `nobody gave the answer ${choice}, or it was refused`;
    }
    case "timed_out":
      if (ending.at !== pause.expiresAt) return `it timed out at ${ending.at}, its deadline is ${pause.expiresAt}`;
      return ending.choice === timeoutDefault ? null : `it timed out with ${ending.choice}`;
    case "cancelled":
      if (ending.at >= pause.expiresAt) return "it was cancelled at or after its deadline";
      return pause.cancels.some(({ fate }) => fate !== "nothing") ? null : "nobody cancelled it, or was refused";
  }
}

export function isAsAsked(pause: Pause, { input, caller }: PauseAsk): boolean {
  const { message, options, allowTextResponse, timeoutDefault, metadata, recipient } = pause;
  const shown = { question: { message, options, allowTextResponse, timeoutDefault, metadata }, recipient };
  const asked = { question: input.question, recipient: input.recipient };
  return pause.tenantId === caller.tenantId && JSON.stringify(shown) === JSON.stringify(asked);
}

/** What an answer to a question is worth. */
import { isSameAnswer, type Pause } from "../../domain/pauses/pause.ts";
import { isSameVote } from "../../domain/pauses/plan.ts";
import type { EndPause } from "../../ports/store.ts";
import type { RespondOutput } from "./pause-types.ts";

export type Answer = EndPause & { readonly by: "human" | "user" };

/** Whether the answer is the one that ended the pause, or a vote that counted. */
export function hasCounted({ ending, votes }: Pause, request: Answer): boolean {
  const { choice, text } = request;
  const user = request.by === "user" ? request.actor.id : null;
  if (ending !== null && isSameAnswer(ending, choice, text, user)) return true;
  return user !== null && isSameVote({ votes }, { id: user, choice, text });
}

/** Why a pending pause does not accept this answer. A pause that has ended says how it ended instead. */
export function answerFault(
  pause: Pause,
  { choice, text }: { readonly choice: string; readonly text: string | null },
): Extract<RespondOutput, { kind: "noSuchChoice" | "textNotAllowed" }> | null {
  if (pause.ending !== null) return null;
  if (!pause.options.includes(choice)) return { kind: "noSuchChoice", pause };
  return text !== null && !pause.allowTextResponse ? { kind: "textNotAllowed", pause } : null;
}

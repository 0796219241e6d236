/** What the end of a question means to the program that asked, and what it prints. */
import type { EndedPause } from "../../../../sdk/src/index.ts";
import { EXIT, type ExitCode } from "../../failure.ts";

export interface Wanted {
  /** The accepted options; none stands for the first option of the question. */
  readonly ok: readonly string[];
  /** A default that nobody chose is no answer. */
  readonly requireHuman: boolean;
}

export interface Outcome {
  readonly exit: ExitCode;
  /** What standard output gets. */
  readonly choice: string | null;
  /** For people. The choice itself is on standard output. */
  readonly sentence: string;
}

export function outcomeOf(pause: EndedPause, { ok, requireHuman }: Wanted): Outcome {
  const { status, response_choice: choice, response_text: note, decided_by_user: user, options } = pause;
  if (status === "cancelled") return { exit: EXIT.cancelled, choice: null, sentence: "The question was cancelled." };
  const isAccepted = choice !== null && (ok.length === 0 ? choice === options[0] : ok.includes(choice));
  const exit = isAccepted ? EXIT.done : EXIT.otherOutcome;
  if (status === "responded") {
    const by = user === null ? "Answered through the link" : `Answered by ${user.email}`;
    return { exit, choice, sentence: note === null ? `${by}.` : `${by}, with the note: ${note}` };
  }
  if (choice === null) return { exit: EXIT.timedOut, choice, sentence: "Nobody answered in time." };
  const sentence = `Nobody answered in time. The default is ${JSON.stringify(choice)}`;
  return requireHuman
    ? { exit: EXIT.timedOut, choice: null, sentence: `${sentence}, which does not count with --require-human.` }
    : { exit, choice, sentence: `${sentence}.` };
}

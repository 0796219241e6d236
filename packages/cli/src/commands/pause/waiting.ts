/** Wait for the answer to a question: what is told meanwhile, how it ends, and what Ctrl-C does. */
import type { Pause } from "../../../../sdk/src/index.ts";
import type { Context, Flags } from "../../context.ts";
import { type ExitCode, usage } from "../../failure.ts";
import { flag, texts } from "../../options.ts";
import { quoted, safe } from "../../output/text.ts";
import { shortTime } from "../../output/time.ts";
import { outcomeOf, type Wanted } from "./outcome.ts";

export const WAIT_OPTIONS = {
  ok: texts("OPTION", "an option that means success (default: the first option)"),
  requireHuman: flag("the default of a question that nobody answered is no answer: exit 4"),
  cancelOnExit: flag("Ctrl-C cancels the question"),
};

export interface Waiting extends Wanted {
  readonly cancelOnExit: boolean;
}

/** Exit 0 for an accepted option, 3 for another one, 4 if nobody answered in time, and 5 if the question was cancelled. */
export async function waitForAnswer(context: Context, pause: Pause, waiting: Waiting): Promise<ExitCode> {
  const { client, out } = context;
  const { pause_id: id } = pause;
  if (pause.status === "pending") out.tell(`Waiting for an answer until ${shortTime(pause.expires_at)}.`);
  tellNotification(context, pause);
  let isAway = false;
  const ended = await client.waitForPause(id, {
    onPending: (present) => {
      if (isAway) out.tell("The server is back.");
      isAway = false;
      tellNotification(context, present);
    },
    onRetry: ({ message }) => {
      if (!isAway) out.tell(`${safe(message)} The question stays open; asking again.`);
      isAway = true;
    },
  });
  const { exit, choice, sentence } = outcomeOf(ended, waiting);
  out.tell(safe(sentence));
  if (out.mode === "json") await out.item(ended, null, "");
  else if (choice !== null) await out.write(`${safe(choice)}\n`);
  return exit;
}

/** @throws Failure for an accepted option that the question does not have: it could never be chosen */
export function checkAccepted({ ok }: Wanted, options: readonly string[]): void {
  const unknown = ok.find((option) => !options.includes(option));
  if (unknown === undefined) return;
  const known = options.map((option) => JSON.stringify(option)).join(", ");
  throw usage(`--ok ${JSON.stringify(unknown)} is none of the options, which are ${known}`);
}

const told = new Set<string>();

/** A message that did not reach its recipient is told once. */
function tellNotification({ out }: Context, { pause_id: id, notification }: Pause): void {
  if (notification.status !== "failed" || told.has(id)) return;
  told.add(id);
  out.warn(`the message to the recipient was not sent: ${notification.reason ?? "no reason is known"}`);
}

/**
 * What Ctrl-C does from now on.
 *
 * @param readId waits for the id of a question that is being asked. Otherwise nobody would know of it
 */
export function leaveOnInterrupt(context: Context, readId: () => Promise<string>, waiting: Waiting): void {
  const { client, out } = context;
  context.onInterrupt(async () => {
    const id = await readId().catch(() => null);
    if (id === null) return;
    if (!waiting.cancelOnExit) {
      return out.warn(`the question stays open; continue with: ${resumeLine(id, waiting, context.flags)}`);
    }
    try {
      await client.cancelPause(id);
      out.warn(`${id} is cancelled`);
    } catch (error) {
      out.warn(`${id} is not cancelled: ${(error as Error).message}`);
    }
  });
}

/** The command that goes on waiting, at the same server. */
function resumeLine(id: string, { ok, requireHuman }: Wanted, { url, profile, tenant }: Flags): string {
  const valued = [
    ...ok.map((option) => ["--ok", option]),
    ["--url", url],
    ["--profile", profile],
    ["--tenant", tenant],
  ];
  const words = valued.flatMap(([name, value]) => (value === undefined ? [] : ` ${name} ${quoted(value)}`));
  return `signalbox pause wait ${id}${words.join("")}${requireHuman ? " --require-human" : ""}`;
}

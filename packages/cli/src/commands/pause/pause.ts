/** `signalbox pause`: questions to people. */
import type { Pause } from "../../../../sdk/src/index.ts";
import { command, group } from "../../command.ts";
import { firstRows, LIST_OPTIONS, pageRows } from "../../listing.ts";
import { choice, duration, flag, operand, operands, required, text } from "../../options.ts";
import type { ListView } from "../../output/output.ts";
import { shortTime } from "../../output/time.ts";
import { ask } from "./ask.ts";
import { statusOf, VIEW } from "./view.ts";
import { checkAccepted, leaveOnInterrupt, WAIT_OPTIONS, waitForAnswer } from "./waiting.ts";

const STATUSES = ["pending", "responded", "timed_out", "cancelled"] as const;
const CHANNELS = ["email", "slack", "sms", "none"] as const;

const ID = operand("ID", "the id of the question: psr_…", { completes: "pause" });

const LIST: ListView<Pause> = {
  id: ({ pause_id: id }) => id,
  columns: [
    { head: "ID", cell: ({ pause_id: id }) => id, narrow: "id" },
    { head: "STATUS", cell: statusOf },
    { head: "ANSWER", cell: ({ response_choice: answer }) => answer, narrow: "cut" },
    { head: "QUESTION", cell: ({ message }) => message, narrow: "below" },
    { head: "ASKED", cell: ({ created_at: at }) => shortTime(at), narrow: "omit" },
    { head: "OPEN UNTIL", cell: ({ expires_at: at }) => shortTime(at), narrow: "omit" },
  ],
  none: "There are no questions.",
};

export const pause = group(
  ask,
  command({
    name: "wait",
    about: "wait for the answer to a question, and print it",
    details: "The output and the exit codes are those of `pause ask --wait`.",
    operands: { id: ID },
    options: WAIT_OPTIONS,
    examples: [["signalbox pause wait psr_0190e0c4-2222-7000-8000-000000000003", "go on waiting after Ctrl-C"]],
    async run(context, { id, ...waiting }) {
      const pause = await context.client.getPause(id);
      checkAccepted(waiting, pause.options);
      leaveOnInterrupt(context, async () => id, waiting);
      return waitForAnswer(context, pause, waiting);
    },
  }),
  command({
    name: "list",
    about: "list questions, the newest first",
    options: {
      status: choice(STATUSES, "only with this status", "STATUS"),
      channel: choice(CHANNELS, "only those sent this way", "CHANNEL"),
      search: text("TEXT", "only with this text in the message, the details or the metadata"),
      deadline: flag("the open questions, the earliest deadline first"),
      ...LIST_OPTIONS,
    },
    examples: [["signalbox pause list --deadline", "what is open, the most urgent first"]],
    async run({ client, out }, { status, channel, search, deadline, ...how }) {
      const filter = {
        ...(status !== undefined && { status }),
        ...(channel !== undefined && { channel }),
        ...(search !== undefined && { q: search }),
        ...(deadline && { order: "deadline" as const }),
      };
      await out.list(firstRows(client.iteratePauses({ ...filter, limit: pageRows(how) }), how), LIST);
    },
  }),
  command({
    name: "get",
    about: "show a question and its answer",
    operands: { id: ID },
    examples: [["signalbox pause get psr_0190e0c4-2222-7000-8000-000000000003 --json", "for a program"]],
    async run({ client, out }, { id }) {
      await out.one(await client.getPause(id), VIEW);
    },
  }),
  command({
    name: "extend",
    about: "give a question a later deadline, which needs the role org_admin",
    operands: { id: ID },
    options: { timeout: required(duration("DURATION", "how long the question is open from now on")) },
    examples: [["signalbox pause extend psr_0190e0c4-2222-7000-8000-000000000003 --timeout 2d", "two more days"]],
    async run({ client, out }, { id, timeout }) {
      await out.one(await client.extendPause(id, { expires_in_seconds: timeout }), VIEW);
    },
  }),
  command({
    name: "cancel",
    about: "cancel open questions",
    operands: { ids: operands("ID", "the ids of the questions", { completes: "pause" }) },
    examples: [["signalbox pause cancel psr_0190e0c4-2222-7000-8000-000000000003", "nobody can answer any more"]],
    async run({ client, out }, { ids }) {
      for (const id of ids) {
        const ended = await client.cancelPause(id);
        await out.item(ended, id, `${id} is cancelled.`);
      }
    },
  }),
);

/** `signalbox jobs`: what the server does in the background. */
import type { Job } from "../../../../sdk/src/index.ts";
import { command, group } from "../../command.ts";
import { firstRows, LIST_OPTIONS, pageRows } from "../../listing.ts";
import { choice, operand } from "../../options.ts";
import type { ListView } from "../../output/output.ts";
import type { Cell } from "../../output/table.ts";
import { shortTime } from "../../output/time.ts";
import { JOB, printJob, watchJob } from "../../watch.ts";

const STATES = ["running", "done", "cancelled"] as const;
const KINDS = ["recover", "cancel_backlog", "bulk_retry", "bulk_replay", "bulk_cancel"] as const;

const ID = operand("ID", "the id of the job: job_…", { completes: "job" });

const LIST: ListView<Job> = {
  id: ({ id }) => id,
  columns: [
    { head: "ID", cell: ({ id }) => id, narrow: "id" },
    { head: "KIND", cell: ({ kind }) => kind },
    { head: "STATE", cell: stateOf },
    { head: "DONE", cell: ({ done }) => done, align: "end" },
    { head: "TOTAL", cell: ({ total }) => total, align: "end" },
    { head: "FAILED", cell: failedOf, align: "end" },
    { head: "STARTED", cell: ({ created_at: at }) => shortTime(at), narrow: "omit" },
  ],
  none: "There are no jobs.",
};

function stateOf({ state }: Job): Cell {
  return state === "done" ? { text: state, color: "green" } : { text: state, color: "yellow" };
}

function failedOf({ failed }: Job): Cell {
  return failed === 0 ? 0 : { text: String(failed), color: "red" };
}

export const jobs = group(
  command({
    name: "list",
    about: "list jobs, the newest first",
    options: {
      state: choice(STATES, "only in this state", "STATE"),
      kind: choice(KINDS, "only of this kind", "KIND"),
      ...LIST_OPTIONS,
    },
    examples: [["signalbox jobs list --state running", "what the server is doing"]],
    async run({ client, out }, { state, kind, ...how }) {
      const filter = { ...(state !== undefined && { state }), ...(kind !== undefined && { kind }) };
      await out.list(firstRows(client.jobs.iterate({ ...filter, limit: pageRows(how) }), how), LIST);
    },
  }),
  command({
    name: "watch",
    about: "wait until a job has ended, and show it",
    details: "Exit 0: all of it is done. 3: some of it failed. 5: the job was cancelled.",
    operands: { id: ID },
    examples: [["signalbox jobs watch job_0190e0c4-2222-7000-8000-000000000003", "progress on standard error"]],
    async run(context, { id }) {
      // A server that cannot be reached at the start is not waited for.
      await context.client.jobs.get(id, { signal: context.signal });
      return printJob(context, await watchJob(context, id));
    },
  }),
  command({
    name: "cancel",
    about: "stop a job; what it has changed stays changed",
    operands: { id: ID },
    examples: [["signalbox jobs cancel job_0190e0c4-2222-7000-8000-000000000003", "stop a running job"]],
    async run({ client, out }, { id }) {
      await out.one(await client.jobs.cancel(id), JOB);
    },
  }),
);

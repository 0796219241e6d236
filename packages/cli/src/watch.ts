/** Follow something that takes its time on the server, and say how far it is. */
import type { Job } from "../../sdk/src/index.ts";
import type { Context } from "./context.ts";
import { EXIT, type ExitCode, failureOf, isAbsence } from "./failure.ts";
import type { View } from "./output/output.ts";
import { safe } from "./output/text.ts";
import { shortTime } from "./output/time.ts";

const POLL_MS_MIN = 100;
const POLL_MS_MAX = 2000;

interface Repeated<Value> {
  /** Returns null as long as there is nothing yet. */
  readonly look: () => Promise<Value | null>;
  /** A sentence about what goes on while the server is away. */
  readonly goesOn: string;
  /** When a server that is away ends it, in epoch milliseconds. */
  readonly endMs?: number;
}

/** Ask again, less and less often, until there is a value. Ctrl-C rejects. */
export async function repeated<Value>({ out, signal }: Context, { look, goesOn, endMs }: Repeated<Value>) {
  let isAway = false;
  for (let waitMs = POLL_MS_MIN; ; waitMs = Math.min(waitMs * 1.5, POLL_MS_MAX)) {
    try {
      const found = await look();
      if (isAway) out.tell("The server is back.");
      isAway = false;
      if (found !== null) return found;
    } catch (error) {
      const failure = failureOf(error);
      const isOver = endMs !== undefined && Date.now() >= endMs;
      if (failure === null || isOver || !isAbsence(failure)) throw error;
      if (!isAway) out.tell(`${safe(failure.message)} ${goesOn}`);
      isAway = true;
    }
    await pause(waitMs, signal);
  }
}

export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** Follow a job to its end. */
export async function watchJob(context: Context, id: string): Promise<Job> {
  const { client, out, signal } = context;
  const job = await repeated(context, {
    goesOn: `The job ${id} goes on; asking again.`,
    async look() {
      const now = await client.jobs.get(id, { signal });
      out.progress(`${now.kind}: ${now.done}${now.total === null ? "" : ` of ${now.total}`}`);
      return now.state === "running" ? null : now;
    },
  });
  out.endProgress();
  return job;
}

export const JOB: View<Job> = {
  id: ({ id }) => id,
  fields: ({ id, kind, state, done, total, failed, failures, ...job }) => [
    ["job", id],
    ["kind", kind],
    ["state", state === "done" ? { text: state, color: "green" } : { text: state, color: "yellow" }],
    ["done", total === null ? done : `${done} of ${total}`],
    ["failed", failed === 0 ? 0 : { text: String(failed), color: "red" }],
    ...failures.map(({ reason, count }) => [`  ${safe(reason)}`, count] as const),
    ["started", shortTime(job.created_at)],
    ["by", job.by?.name ?? job.by?.id],
    ["ended", shortTime(job.finished_at)],
  ],
};

/** Print a job that has ended. The exit code says whether all of it was done. */
export async function printJob({ out }: Context, job: Job): Promise<ExitCode> {
  await out.one(job, JOB);
  if (job.state === "cancelled") return EXIT.cancelled;
  return job.failed === 0 ? EXIT.done : EXIT.otherOutcome;
}

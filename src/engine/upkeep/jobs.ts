/** Background jobs, and actions on all deliveries that match a filter. */
import type { DeliveryConditions } from "../../domain/history/ledger.ts";
import type { EpochMs, Uuid } from "../../domain/ids.ts";
import type { BulkAction, JobKind, JobState } from "../../domain/upkeep/job.ts";
import type { Clock } from "../../ports/clock.ts";
import type { BulkCount, Cursor, Job, Store } from "../../ports/store.ts";
import type { Caller } from "../access/caller.ts";
import type { Streams } from "../history/streams.ts";
import { announceJob } from "./job-steps.ts";
import { readOr } from "./outage.ts";

export interface BulkInput {
  readonly action: BulkAction;
  readonly conditions: DeliveryConditions;
  /** The state that was counted before; null is the present one. */
  readonly asOf: EpochMs | null;
}

export interface ListJobsInput {
  readonly state: JobState | null;
  readonly kind: JobKind | null;
  readonly cursor: Cursor | null;
  readonly limit: number;
}

export interface JobService {
  /** What the action would change. */
  count(caller: Caller, input: BulkInput): Promise<BulkCount>;
  /** Start a job that changes what is counted now. Null when the tenant has too many running bulk jobs. */
  start(
    caller: Caller,
    input: BulkInput & { readonly perSecond: number | null },
  ): Promise<{ readonly jobId: Uuid; readonly count: BulkCount } | null>;
  get(caller: Caller, id: Uuid): Promise<Job | null>;
  list(caller: Caller, input: ListJobsInput): Promise<{ readonly jobs: readonly Job[]; readonly next: Cursor | null }>;
  cancel(caller: Caller, id: Uuid): Promise<"cancelled" | "ended" | "mustEnd" | "unknown">;
}

export interface JobsOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly streams: Pick<Streams, "announce">;
  /** A job was started. */
  readonly onJob: () => void;
}

export class Jobs implements JobService {
  readonly #options: JobsOptions;

  constructor(options: JobsOptions) {
    this.#options = options;
  }

  count({ tenantSeq }: Caller, { action, conditions, asOf }: BulkInput): Promise<BulkCount> {
    const { clock, store } = this.#options;
    return store.countBulk({ action, filter: { ...conditions, tenantSeq }, asOf, now: clock.now() });
  }

  async start(
    caller: Caller,
    { perSecond, ...input }: BulkInput & { readonly perSecond: number | null },
  ): Promise<{ readonly jobId: Uuid; readonly count: BulkCount } | null> {
    const { clock, onJob, store, streams } = this.#options;
    // Taken before the deliveries are counted: what changes later is not changed by the job.
    const now = clock.now();
    const count = await this.count(caller, input);
    const { target, total } = count;
    const jobId = clock.uuid();
    const started = await store.startBulk({ actor: caller.actor, jobId, target, total, perSecond, now });
    if (started === "tooMany") return null;
    announceJob(streams, { tenantSeq: caller.tenantSeq, jobId, state: "running", done: 0, total });
    onJob();
    return { jobId, count };
  }

  get({ tenantSeq }: Caller, id: Uuid): Promise<Job | null> {
    return this.#options.store.getJob(tenantSeq, id);
  }

  list(
    { tenantSeq }: Caller,
    { state, kind, cursor, limit }: ListJobsInput,
  ): Promise<{ readonly jobs: readonly Job[]; readonly next: Cursor | null }> {
    return this.#options.store.listJobs({ tenantSeq, state, kind }, cursor, limit);
  }

  async cancel({ actor, tenantSeq }: Caller, id: Uuid): Promise<"cancelled" | "ended" | "mustEnd" | "unknown"> {
    const { clock, store, streams } = this.#options;
    const result = await store.cancelJob({ actor, tenantSeq, id, now: clock.now() });
    const job = result === "cancelled" ? await readOr(null, store.getJob(tenantSeq, id)) : null;
    if (job !== null)
      announceJob(streams, { tenantSeq, jobId: id, state: job.state, done: job.done, total: job.total });
    return result;
  }
}

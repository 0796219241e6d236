/** The verbs for background jobs, and for what bulk actions change. */

import type { Actor } from "../../domain/access/access.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { Detail } from "../../domain/pauses/pause.ts";
import type { BulkAction, JobKind, JobState } from "../../domain/upkeep/job.ts";
import type { Cursor } from "./cursor.ts";
import type { Wake } from "./delivery.ts";
import type { DeliveryRow } from "./history.ts";
import type { LedgerFilter } from "./ledger.ts";

export interface Job {
  readonly id: Uuid;
  readonly kind: JobKind;
  readonly state: JobState;
  /** How many rows it has changed so far. */
  readonly done: number;
  /** How many rows it changes; null when they were not counted. */
  readonly total: number | null;
  /** How many rows it could not change, by reason. */
  readonly failures: Readonly<Record<string, number>>;
  readonly perSecond: number | null;
  /** Null when it concerns more than one endpoint. */
  readonly endpointId: Uuid | null;
  readonly by: JobActor | null;
  readonly createdAt: EpochMs;
  readonly finishedAt: EpochMs | null;
}

/** Who started a job. */
export interface JobActor {
  readonly kind: Actor["kind"];
  readonly id: Uuid;
  /** The name of the key, or the address of the user; null when it is gone. */
  readonly name: string | null;
}

export interface JobFilter {
  readonly tenantSeq: Seq;
  readonly state: JobState | null;
  readonly kind: JobKind | null;
}

export interface StartRecover {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly endpointId: Uuid;
  readonly jobId: Uuid;
  /** Recovers deliveries and events of this time or later. */
  readonly since: EpochMs;
  /** As in `PatchEndpoint`. */
  readonly shown?: readonly Detail[];
  readonly now: EpochMs;
}

/** What a bulk action changes: the deliveries that matched when it was counted, and that still match at its step. */
export interface BulkTarget {
  readonly action: BulkAction;
  readonly filter: LedgerFilter;
  /** Deliveries that were created later are not changed. */
  readonly asOf: EpochMs;
  /** Neither are deliveries that were committed later. */
  readonly upTo: Seq;
}

export interface BulkQuery extends Pick<BulkTarget, "action" | "filter"> {
  /** An earlier `asOf`; null takes the present state. */
  readonly asOf: EpochMs | null;
  readonly now: EpochMs;
}

export interface BulkCount {
  readonly target: BulkTarget;
  /** How many deliveries the action changes. */
  readonly total: number;
  /** How many match the filter, whether or not the action can change them. */
  readonly matching: number;
  /** The endpoints with the most of them, at most `BULK_ENDPOINTS_COUNT_MAX`. */
  readonly endpoints: readonly { readonly id: Uuid; readonly name: string; readonly count: number }[];
  /** The newest few. */
  readonly sample: readonly DeliveryRow[];
}

export interface StartBulk {
  readonly actor: Actor;
  readonly jobId: Uuid;
  readonly target: BulkTarget;
  readonly total: number;
  /** How many deliveries it changes in a second; null is as many as possible. */
  readonly perSecond: number | null;
  readonly now: EpochMs;
}

/** The next step of a bulk job: which deliveries it looks for. */
export interface BulkStep {
  readonly jobId: Uuid;
  readonly target: BulkTarget;
  /** The job has looked at everything up to this sequence. */
  readonly after: Seq;
  readonly limit: number;
}

/** A leased delivery, and its lane. */
export interface LeasedRef {
  readonly endpointSeq: Seq;
  readonly deliverySeq: Seq;
}

/** How far a job is after a step. */
export interface JobProgress extends Pick<Job, "state" | "done" | "total"> {
  readonly tenantSeq: Seq;
  readonly jobId: Uuid;
}

export interface BulkStepped {
  /** Null when the step has no effect. */
  readonly progress: JobProgress | null;
  readonly woken: readonly Wake[];
  /** The leased deliveries whose cancellation was requested. */
  readonly requested: readonly LeasedRef[];
  readonly failed: JobStep["failed"];
}

export interface JobStep {
  /** Whether there was no job to work on. */
  readonly idle: boolean;
  /** Null without a step, and when the step is left to the caller. */
  readonly progress: JobProgress | null;
  /** When the next job may run, if there was none to work on and one waits. */
  readonly nextAt: EpochMs | null;
  readonly woken: readonly Wake[];
  /** The caller continues with `findBulk` and `stepBulk`. */
  readonly bulk: BulkStep | null;
  /** The job whose step failed because of a bug. The step was rolled back, and would fail again. */
  readonly failed: { readonly jobId: Uuid; readonly message: string } | null;
}

export interface JobVerbs {
  /** Returns the job's id; null when the tenant has no such endpoint, or it is not as `shown`. */
  startRecover(request: StartRecover): Promise<Uuid | null>;
  countBulk(query: BulkQuery): Promise<BulkCount>;
  /** `tooMany`: the tenant has `BULK_JOBS_OF_TENANT_COUNT_MAX` running bulk jobs. */
  startBulk(request: StartBulk): Promise<"started" | "tooMany">;
  /** One limited step of the running job that has waited longest and is not in `passOver`. A bulk job is only named. */
  stepJob(now: EpochMs, passOver?: readonly Uuid[]): Promise<JobStep>;
  /** The deliveries of a step, oldest first. Fewer than its limit: there are no more. */
  findBulk(step: BulkStep): Promise<readonly Seq[]>;
  /** Change what was found. Without effect if the job has ended or has made this step already. */
  stepBulk(step: BulkStep, found: readonly Seq[], now: EpochMs): Promise<BulkStepped>;
  getJob(tenantSeq: Seq, id: Uuid): Promise<Job | null>;
  /** Newest first. A page can be short although `next` is not null. */
  listJobs(
    filter: JobFilter,
    cursor: Cursor | null,
    limit: number,
  ): Promise<{ readonly jobs: readonly Job[]; readonly next: Cursor | null }>;
  /** No further step runs. `mustEnd`: the job completes the deletion of an endpoint. */
  cancelJob(request: {
    readonly actor: Actor;
    readonly tenantSeq: Seq;
    readonly id: Uuid;
    readonly now: EpochMs;
  }): Promise<"cancelled" | "ended" | "mustEnd" | "unknown">;
}

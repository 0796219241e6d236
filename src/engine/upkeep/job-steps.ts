/** Works on the running jobs, step by step and in turns. */
import type { EpochMs, Uuid } from "../../domain/ids.ts";
import { JOB_REST_MS, RECONCILE_MS } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { BulkStep, JobProgress, JobStep, Store } from "../../ports/store.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import type { Deliveries } from "../delivery/deliveries.ts";
import type { Streams } from "../history/streams.ts";

export interface JobStepsOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly deliveries: Deliveries;
  readonly telemetry: Telemetry;
  readonly streams: Pick<Streams, "announce">;
}

export class JobSteps {
  readonly #options: JobStepsOptions;
  /** Jobs whose last step failed, and when each is tried again. */
  readonly #failed = new Map<Uuid, EpochMs>();

  constructor(options: JobStepsOptions) {
    this.#options = options;
  }

  /** Step until no job can run. Resolves to the wait before the next run. */
  async run(isStopped: () => boolean): Promise<number> {
    const { clock, deliveries, store } = this.#options;
    while (!isStopped()) {
      const now = clock.now();
      for (const [jobId, retryAt] of this.#failed) if (retryAt <= now) this.#failed.delete(jobId);
      const { idle, nextAt, progress, woken, bulk, failed } = await store.stepJob(now, [...this.#failed.keys()]);
      deliveries.claims.wake(woken);
      if (progress !== null) announceJob(this.#options.streams, progress);
      if (failed !== null) this.#rest(failed);
      if (bulk !== null) await this.#stepBulk(bulk);
      if (idle) return Math.min(RECONCILE_MS, nextAt === null ? RECONCILE_MS : Math.max(1, nextAt - now));
    }
    return RECONCILE_MS;
  }

  async #stepBulk(bulk: BulkStep): Promise<void> {
    const { clock, deliveries, store } = this.#options;
    const found = await store.findBulk(bulk);
    const { progress, woken, requested, failed } = await store.stepBulk(bulk, found, clock.now());
    deliveries.claims.wake(woken);
    if (progress !== null) announceJob(this.#options.streams, progress);
    for (const { endpointSeq, deliverySeq } of requested) deliveries.dropCancelled(endpointSeq, deliverySeq);
    if (failed !== null) this.#rest(failed);
  }

  #rest({ jobId, message }: NonNullable<JobStep["failed"]>): void {
    const { clock, telemetry } = this.#options;
    this.#failed.set(jobId, clock.now() + JOB_REST_MS);
    telemetry.noticed({ level: "error", what: "job_failed", fields: { job: jobId, message } });
  }
}

export function announceJob(streams: Pick<Streams, "announce">, { tenantSeq, ...job }: JobProgress): void {
  streams.announce(tenantSeq, { topic: "job", ...job });
}

/** What runs beside the deliveries: heartbeat, reconcile, jobs, retention, changes made elsewhere. */
import type { EpochMs, LeaseToken, Uuid } from "../../domain/ids.ts";
import {
  CHANGES_POLL_MS,
  HEARTBEAT_MS,
  JOB_REST_MS,
  LEDGER_KEEP_MS,
  RECONCILE_MS,
  SWEEP_EVERY_MS,
  SWEEP_STEP_PAUSE_MS,
  TIDY_MS,
  TIMER_MS_MAX,
} from "../../domain/limits.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { Change, Store } from "../../ports/store.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import type { Deliveries } from "../delivery/deliveries.ts";
import type { Outage } from "./outage.ts";
import { createTimeCheck } from "./time-check.ts";

export interface Upkeep {
  /** A job may be there to work on. */
  workOnJobs(): void;
  /** Ends when what is under way has ended. */
  stop(): Promise<void>;
}

export interface UpkeepOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly deliveries: Deliveries;
  readonly telemetry: Telemetry;
  readonly outage: Outage;
  readonly retentionMs: number;
  /** The store's latest time before this start; null for a new one. */
  readonly lastSeenAt: number | null;
  /** The mark of the store's changes before anything of it was cached. */
  readonly changesMark: string;
  /** Another process or node changed something: forget what is cached of it. */
  readonly onForeignChange: (change: Change) => void;
}

export function startUpkeep(options: UpkeepOptions): Upkeep {
  const { clock, store, deliveries, telemetry, outage } = options;
  const time = createTimeCheck(clock, options.lastSeenAt);
  const tasks = [
    repeat(options, HEARTBEAT_MS, heartbeat),
    repeat(options, CHANGES_POLL_MS, pollForeignChanges),
    repeat(options, RECONCILE_MS, reconcile),
    repeat(options, TIDY_MS, () => deliveries.tidy()),
    repeat(options, SWEEP_EVERY_MS, sweep),
    repeat(options, LEDGER_KEEP_MS, () => store.keepLedger()),
  ];
  const jobs = repeat(options, RECONCILE_MS, stepJobs);
  jobs.now();
  let { changesMark } = options;
  let strays: ReadonlySet<LeaseToken> = new Set();
  /** Jobs that broke, and when each is tried again. */
  const resting = new Map<Uuid, EpochMs>();

  async function heartbeat(): Promise<void> {
    await store.heartbeat(clock.now(), time.doubt() === null);
    outage.over();
  }

  async function pollForeignChanges(): Promise<void> {
    const { changes, mark } = await store.changesSince(changesMark);
    for (const change of changes) options.onForeignChange(change);
    changesMark = mark;
  }

  /** Leased in the store and not held here, twice running: the answer that told of it was lost. */
  async function reconcile(): Promise<void> {
    const leases = (await store.leases()).filter(({ token }) => !deliveries.lanePool.leases.has(token));
    const lost = leases.filter(({ token }) => strays.has(token));
    strays = new Set(leases.map(({ token }) => token));
    if (lost.length === 0) return;
    telemetry.noticed({ level: "warn", what: "leases_reconciled", fields: { count: lost.length } });
    // Void, so that a delivery that cannot be settled, ever, fails as `crashed` and is not sent for ever.
    const request = { now: clock.now(), leases: lost, areVoid: true, disown: [] };
    deliveries.claims.wake(await store.release(request));
  }

  async function stepJobs(stopped: () => boolean): Promise<void> {
    while (!stopped()) {
      const now = clock.now();
      for (const [jobId, until] of resting) if (until <= now) resting.delete(jobId);
      const { idle, woken, failed } = await store.stepJob(now, [...resting.keys()]);
      deliveries.claims.wake(woken);
      if (failed !== null) {
        resting.set(failed.jobId, now + JOB_REST_MS);
        telemetry.noticed({
          level: "error",
          what: "job_failed",
          fields: { job: failed.jobId, message: failed.message },
        });
      }
      if (idle) return;
    }
  }

  async function sweep(stopped: () => boolean): Promise<void> {
    const doubt = time.doubt();
    if (doubt !== null) {
      telemetry.noticed({ level: "warn", what: "retention_waits", fields: { reason: doubt } });
      return;
    }
    let deleted = 0;
    for (let more = true; more && !stopped(); ) {
      const step = await store.sweep({ now: clock.now(), retentionMs: options.retentionMs });
      deliveries.claims.wake(step.woken);
      deleted += step.deleted;
      more = step.more;
      if (more) await new Promise<void>((resolve) => clock.after(SWEEP_STEP_PAUSE_MS, resolve));
    }
    if (deleted > 0) telemetry.noticed({ level: "info", what: "retention_swept", fields: { deleted } });
  }

  return {
    workOnJobs: () => jobs.now(),
    async stop() {
      await Promise.all([...tasks, jobs].map((task) => task.stop()));
    },
  };
}

interface Repeated {
  /** Run it now, or again right after the present run. */
  now(): void;
  stop(): Promise<void>;
}

/** Run a task again and again, never twice at once; what it throws goes to the outage. */
function repeat(
  { clock, outage }: UpkeepOptions,
  everyMs: number,
  task: (stopped: () => boolean) => void | Promise<void>,
): Repeated {
  let stopped = false;
  let timer: Timer | null = null;
  let running: Promise<void> | null = null;
  let again = false;

  function plan(dueInMs: number): void {
    if (stopped) return;
    // Longer waits are made of several timers, since one waits at most a minute.
    timer = clock.after(dueInMs, () => (dueInMs > TIMER_MS_MAX ? plan(dueInMs - TIMER_MS_MAX) : run()));
  }

  function run(): void {
    if (running !== null || stopped) {
      again = true;
      return;
    }
    again = false;
    timer?.cancel();
    running = Promise.resolve()
      .then(() => task(() => stopped))
      .catch(outage.report)
      .finally(() => {
        running = null;
        if (again) run();
        else plan(everyMs);
      });
  }

  plan(everyMs);
  return {
    now: run,
    async stop() {
      stopped = true;
      timer?.cancel();
      await running;
    },
  };
}

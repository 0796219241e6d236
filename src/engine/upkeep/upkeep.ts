/** Background work of this node: its heartbeat, its leases, jobs, retention, and changes that other processes made. */
import { NodeGone } from "../../domain/errors.ts";
import type { EpochMs, LeaseToken } from "../../domain/ids.ts";
import {
  CHANGES_POLL_MS,
  HEARTBEAT_MS,
  LEDGER_KEEP_MS,
  RECONCILE_MS,
  SWEEP_EVERY_MS,
  SWEEP_STEP_PAUSE_MS,
  TIDY_MS,
} from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Change, Store } from "../../ports/store.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import type { Deliveries } from "../delivery/deliveries.ts";
import type { Streams } from "../history/streams.ts";
import { RepeatingTask } from "../scheduling/repeating-task.ts";
import type { DatabaseClock } from "./database-clock.ts";
import { JobSteps } from "./job-steps.ts";
import type { Membership } from "./membership.ts";
import type { Outage } from "./outage.ts";
import { TimeCheck } from "./time-check.ts";

export interface UpkeepOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly deliveries: Deliveries;
  readonly telemetry: Telemetry;
  readonly outage: Outage;
  readonly streams: Pick<Streams, "announce" | "followAll" | "nodesChanged">;
  readonly retentionMs: number;
  /** The latest time that the store recorded before this start; null for a new store. */
  readonly lastSeenAt: number | null;
  /** The position in the store's feed of changes, read before anything was cached. */
  readonly changesMark: string;
  /** Another process or node changed something: drop what is cached of it. */
  readonly onForeignChange: (change: Change) => void;
  /** A pause has this deadline. Its node may end before. */
  readonly onDeadline: (at: EpochMs) => void;
  readonly membership: Membership;
  readonly databaseClock: DatabaseClock;
  /** The node goes on after it was unsure whether it is alive, or there are more or fewer nodes than before. */
  readonly onNodesChanged: () => void;
  /** Enter the store again: the other nodes have taken this one for dead. */
  readonly enterAgain: () => Promise<void>;
}

/** The least wait between two runs, as a share of the usual one. */
const LEAST_WAIT_SHARE = 0.1;

/**
 * The wait until the next multiple of `everyMs`. Tasks of one second and of half a second run together, so that a
 * process without work wakes seldom.
 */
function untilNextRound(nowMs: number, everyMs: number): number {
  const waitMs = everyMs - (nowMs % everyMs);
  return Math.ceil(waitMs < everyMs * LEAST_WAIT_SHARE ? waitMs + everyMs : waitMs);
}

export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #timeCheck: TimeCheck;
  readonly #jobs: RepeatingTask;
  readonly #tasks: RepeatingTask[] = [];
  #changesMark: string;
  /** Leases that the last reconciliation found in the store, but not in memory. */
  #strayLeases: ReadonlySet<LeaseToken> = new Set();
  #stopped = false;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#timeCheck = new TimeCheck(options.clock, options.lastSeenAt);
    this.#changesMark = options.changesMark;
    const steps = new JobSteps(options);
    this.#jobs = this.#repeating(RECONCILE_MS, () => steps.run(() => this.#stopped || !options.membership.isLeader));
  }

  /** Why nothing may be deleted by age now; null when the wall clock can be trusted. */
  get clockDoubt(): string | null {
    return this.#timeCheck.doubt();
  }

  start(): void {
    const { deliveries, membership, store } = this.#options;
    this.#startEvery(HEARTBEAT_MS, () => this.#heartbeat());
    const polling = this.#startEvery(CHANGES_POLL_MS, () => this.#pollForeignChanges());
    store.notes?.listen((note) => {
      if (note.kind === "changed") polling.wake();
    });
    this.#startEvery(RECONCILE_MS, () => this.#reconcile());
    this.#startEvery(TIDY_MS, () => deliveries.closeIdleLanes());
    this.#startEvery(SWEEP_EVERY_MS, () => (membership.isLeader ? this.#sweep() : undefined));
    this.#startEvery(LEDGER_KEEP_MS, () => store.keepLedger(membership.isLeader));
    this.workOnJobs();
  }

  /** A job may have been started: look for it now. */
  workOnJobs(): void {
    this.#jobs.wake();
  }

  /** Resolves when the current runs have ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#tasks, this.#jobs].map((task) => task.stop()));
  }

  #startEvery(everyMs: number, run: () => void | Promise<void>): RepeatingTask {
    const task = this.#every(everyMs, run);
    this.#tasks.push(task);
    task.wakeAfter(untilNextRound(this.#options.clock.monotonicMs(), everyMs));
    return task;
  }

  #every(everyMs: number, run: () => void | Promise<void>): RepeatingTask {
    return this.#repeating(everyMs, async () => {
      await run();
      return untilNextRound(this.#options.clock.monotonicMs(), everyMs);
    });
  }

  /** @param run resolves to the wait before the next run */
  #repeating(retryMs: number, run: () => Promise<number>): RepeatingTask {
    const { clock, outage } = this.#options;
    return new RepeatingTask({ clock, run, onError: (error) => outage.report(error), retryMs });
  }

  async #heartbeat(): Promise<void> {
    const { clock, databaseClock, deliveries, enterAgain, membership, onNodesChanged, outage, store } = this.#options;
    try {
      const beganMs = clock.monotonicMs();
      const heartbeat = await store.heartbeat(clock.now(), this.#timeCheck.doubt() === null);
      databaseClock.heard(heartbeat.at, beganMs);
      const before = { isAlive: membership.isAlive(), count: membership.count };
      membership.heard(heartbeat, beganMs);
      if (!before.isAlive || membership.count !== before.count) onNodesChanged();
      for (const { node, name, seenAt } of heartbeat.gone) this.#reportGone(node, name, seenAt);
      deliveries.claims.wake(heartbeat.woken);
    } catch (error) {
      if (!(error instanceof NodeGone)) throw error;
      outage.report(error);
      await enterAgain();
      this.#changesMark = (await store.changesSince(null)).mark;
      this.#options.onForeignChange({ kind: "anything" });
    }
    outage.end();
  }

  #reportGone(node: number, name: string, seenAt: EpochMs): void {
    const fields = { node, name, silent_since: new Date(seenAt).toISOString() };
    this.#options.telemetry.noticed({ level: "warn", what: "node_gone", fields });
  }

  async #pollForeignChanges(): Promise<void> {
    const { deliveries, membership, onDeadline, onForeignChange, store, streams } = this.#options;
    const lanes = membership.isShared ? deliveries.laneRevisions() : [];
    const changed = await store.changesSince(this.#changesMark, lanes);
    this.#changesMark = changed.mark;
    for (const change of changed.changes) onForeignChange(change);
    // What the lanes release is stored later: the next changes do not wait for it.
    for (const { endpoint, state } of changed.lanes) {
      if (endpoint === null) void deliveries.laneChanged(state);
      else void deliveries.endpointChanged(endpoint, state);
    }
    if (changed.nextReadyAt !== null) deliveries.claims.discoverAt(changed.nextReadyAt);
    if (changed.nextPauseAt !== null) onDeadline(changed.nextPauseAt);
    if (membership.isShared) streams.followAll();
  }

  /**
   * Release leases that this node has in the store, but not in memory, in two consecutive runs: the store's result that
   * granted them was lost.
   */
  async #reconcile(): Promise<void> {
    const { clock, deliveries, store, telemetry } = this.#options;
    const strays = (await store.leases()).filter(({ token }) => !deliveries.lanePool.leases.has(token));
    const lost = strays.filter(({ token }) => this.#strayLeases.has(token));
    this.#strayLeases = new Set(strays.map(({ token }) => token));
    if (lost.length === 0) return;
    telemetry.noticed({ level: "warn", what: "leases_reconciled", fields: { count: lost.length } });
    // As void leases, so that a delivery that can never be settled fails as `crashed` instead of being sent endlessly.
    const request = { now: clock.now(), leases: lost, areVoid: true, disown: [] };
    deliveries.claims.wake(await store.release(request));
  }

  async #sweep(): Promise<void> {
    const { clock, deliveries, retentionMs, store, telemetry } = this.#options;
    const doubt = this.#timeCheck.doubt();
    if (doubt !== null) {
      telemetry.noticed({ level: "warn", what: "retention_waits", fields: { reason: doubt } });
      return;
    }
    let deleted = 0;
    for (let more = true; more && !this.#stopped; ) {
      const step = await store.sweep({ now: clock.now(), retentionMs });
      deliveries.claims.wake(step.woken);
      deleted += step.deleted;
      more = step.more;
      if (more) await new Promise<void>((resolve) => clock.after(SWEEP_STEP_PAUSE_MS, resolve));
    }
    if (deleted > 0) telemetry.noticed({ level: "info", what: "retention_swept", fields: { deleted } });
  }
}

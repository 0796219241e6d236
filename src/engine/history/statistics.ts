/**
 * Statistics of attempts as they happen. Minutes are counted in memory and begin anew with a start, unless nodes share the
 * store, which then has the minutes of all nodes. They are added to the stored hours behind the writer, so that a settlement costs no more because of them. A crash loses the counts of the
 * last minutes, and no others.
 */
import type { LeasedDelivery } from "../../domain/delivery/delivery.ts";
import { parseTally, Tally, tallyText } from "../../domain/history/tally.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import { STATISTICS_STORE_MS, TALLIES_STORED_COUNT_MAX, TALLY_MINUTES_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { BacklogCount, SettledResult, Store } from "../../ports/store.ts";
import type { Caller } from "../access/caller.ts";
import type { AttemptMade } from "../delivery/attempts.ts";
import { RepeatingTask } from "../scheduling/repeating-task.ts";
import { SerialQueue } from "../scheduling/serial-queue.ts";
import type {
  AttemptBuckets,
  AttemptStatisticsInput,
  BacklogOutput,
  EndpointAttempts,
  StatisticsService,
} from "./history-types.ts";
import { endpointScope, MINUTE_MS, Minutes, type Scope, typeScope } from "./minutes.ts";

const HOUR_MS = 3_600_000;
/** The wait between two steps, so that storing many tallies takes a small share of the writer's time. */
const STEP_PAUSE_MS = 20;

export interface StatisticsOptions {
  readonly clock: Clock;
  readonly store: Pick<
    Store,
    "notes" | "addTallies" | "readTallies" | "readMinutes" | "findEndpoints" | "countBacklogs" | "countEndpointAttempts"
  >;
  /** How many deliveries of the tenant the nodes hold. */
  readonly inProgressOf: (tenantSeq: Seq) => number | Promise<number>;
  readonly onError: (error: unknown) => void;
}

/** How fast an endpoint goes: its attempts, and the deliveries that ended, each second. */
export interface Pace {
  readonly attemptsPerSecond: number;
  readonly endedPerSecond: number;
}

/** Deliveries that wait in the store, and the age of the oldest one. */
export interface Backlog {
  readonly ready: number;
  readonly scheduled: number;
  readonly held: number;
  readonly oldestMs: number;
  /** How long the one that could be sent for the longest time waits. */
  readonly readyMs: number;
}

interface Sample {
  readonly at: EpochMs;
  readonly ofTenant: ReadonlyMap<Seq, BacklogCount>;
}

export class Statistics implements StatisticsService {
  readonly #options: StatisticsOptions;
  readonly #minutes: Minutes;
  /** Storing and reading take turns: a read must not see tallies both in memory and in the store. */
  readonly #turns = new SerialQueue();
  readonly #task: RepeatingTask;
  readonly #samples: Sample[] = [];

  constructor(options: StatisticsOptions) {
    const { clock, onError } = options;
    this.#options = options;
    this.#minutes = new Minutes(clock.now());
    this.#task = new RepeatingTask({
      clock,
      run: async () => {
        await this.#sample();
        await this.#store(clock.now(), STEP_PAUSE_MS);
        return STATISTICS_STORE_MS;
      },
      onError,
      retryMs: STATISTICS_STORE_MS,
    });
  }

  start(): void {
    this.#task.wakeAfter(STATISTICS_STORE_MS);
  }

  /** Store everything, the minute that lasts included. */
  async stop(): Promise<void> {
    await this.#task.stop();
    await this.#store(Number.POSITIVE_INFINITY, 0).catch(this.#options.onError);
  }

  /** An attempt was settled. */
  count(delivery: LeasedDelivery, { attempt, transition }: AttemptMade, { state }: SettledResult): void {
    const { clock } = this.#options;
    this.#minutes.count(clock.now(), delivery.tenantSeq, delivery.endpointSeq, delivery.event.type, {
      classification: transition.classification,
      isFirst: attempt.number === 1,
      gaveUp: state === "FAILED" || state === "EXPIRED",
      latencyMs: attempt.httpStatus === null ? null : attempt.endedAt - attempt.startedAt,
      ageMs: transition.outcome === "SUCCESS" ? attempt.endedAt - delivery.createdAt : null,
    });
  }

  /** How fast an endpoint went in the minute before this one, and in this one so far. */
  paceOf(tenantSeq: Seq, endpointSeq: Seq): Pace {
    const now = this.#options.clock.now();
    const from = Math.max(Math.floor(now / MINUTE_MS - 1) * MINUTE_MS, this.#minutes.since);
    const sum = new Tally();
    for (const [, tally] of this.#minutes.recent(tenantSeq, endpointScope(endpointSeq), from)) sum.add(tally);
    const seconds = Math.max(1, (now - from) / 1000);
    return { attemptsPerSecond: (sum.ok + sum.failed) / seconds, endedPerSecond: (sum.ok + sum.gaveUp) / seconds };
  }

  async attempts({ tenantSeq }: Caller, input: AttemptStatisticsInput): Promise<AttemptBuckets | null> {
    const scope = await this.#scopeOf(tenantSeq, input);
    if (scope === null) return null;
    const { stepMs } = input;
    const from = Math.floor(input.from / stepMs) * stepMs;
    const count = Math.ceil((input.to - from) / stepMs);
    const buckets = Array.from({ length: count }, (_, index) => ({ at: from + index * stepMs, tally: new Tally() }));
    const add = (at: EpochMs, tally: Tally) => buckets[Math.floor((at - from) / stepMs)]?.tally.add(tally);
    if (stepMs < HOUR_MS && this.#options.store.notes !== null) {
      await this.#turns.run(async () => {
        for (const { minute, tally } of await this.#options.store.readMinutes(tenantSeq, scope, from, input.to))
          add(minute, parseTally(tally));
        for (const [at, tally] of this.#minutes.readUnstored(tenantSeq, scope))
          if (at >= from && at < input.to) add(at, tally);
      });
      const oldest = Math.floor(this.#options.clock.now() / MINUTE_MS + 1 - TALLY_MINUTES_MAX) * MINUTE_MS;
      return { since: oldest, buckets };
    }
    if (stepMs < HOUR_MS) {
      for (const [at, tally] of this.#minutes.read(tenantSeq, scope, from, input.to)) add(at, tally);
      return { since: this.#minutes.since, buckets };
    }
    const to = from + count * stepMs;
    await this.#turns.run(async () => {
      for (const { hour, tally } of await this.#options.store.readTallies(tenantSeq, scope, from, to))
        add(hour, parseTally(tally));
      for (const [at, tally] of this.#minutes.readUnstored(tenantSeq, scope)) if (at >= from) add(at, tally);
    });
    return { since: null, buckets };
  }

  async backlog({ tenantSeq }: Caller): Promise<BacklogOutput> {
    const { clock, inProgressOf, store } = this.#options;
    const now = clock.now();
    const [present] = await store.countBacklogs(tenantSeq, now);
    return {
      at: now,
      inProgress: await inProgressOf(tenantSeq),
      present: present ?? { tenantSeq, ...EMPTY },
      samples: this.#samples.map(({ at, ofTenant }) => ({
        at,
        ...(ofTenant.get(tenantSeq) ?? { tenantSeq, ...EMPTY }),
      })),
    };
  }

  async endpointAttempts(
    { tenantSeq }: Caller,
    endpointIds: readonly Uuid[],
    hours: number,
  ): Promise<EndpointAttempts[]> {
    const { clock, store } = this.#options;
    const to = hourOf(clock.now()) + HOUR_MS;
    const from = to - hours * HOUR_MS;
    const { found } = await store.findEndpoints(tenantSeq, endpointIds);
    const seqs = found.map(({ seq }) => seq);
    const counted = await store.countEndpointAttempts(tenantSeq, seqs, from, to);
    const byHour = new Map(counted.map((row) => [`${row.endpointSeq} ${row.hour}`, row]));
    return found.map(({ id, seq }) => ({
      endpointId: id,
      hours: Array.from({ length: hours }, (_, index) => {
        const hour = from + index * HOUR_MS;
        const { ok = 0, failed = 0 } = byHour.get(`${seq} ${hour}`) ?? {};
        return { hour, ok, failed };
      }),
    }));
  }

  async #scopeOf(tenantSeq: Seq, { endpointId, eventType }: AttemptStatisticsInput): Promise<Scope | null> {
    if (eventType !== null) return typeScope(eventType);
    if (endpointId === null) return "";
    const { found } = await this.#options.store.findEndpoints(tenantSeq, [endpointId]);
    return found[0] === undefined ? null : endpointScope(found[0].seq);
  }

  /** Of all tenants, at the latest sample. */
  totalBacklog(): Backlog {
    const sum = { ready: 0, scheduled: 0, held: 0 };
    const now = this.#options.clock.now();
    let oldestAt = now;
    let readySince = now;
    for (const count of this.#samples.at(-1)?.ofTenant.values() ?? []) {
      sum.ready += count.ready;
      sum.scheduled += count.scheduled;
      sum.held += count.held;
      oldestAt = Math.min(oldestAt, count.oldestAt ?? now);
      readySince = Math.min(readySince, count.readySince ?? now);
    }
    return { ...sum, oldestMs: now - oldestAt, readyMs: now - readySince };
  }

  async #sample(): Promise<void> {
    const { clock, store } = this.#options;
    const at = clock.now();
    const counts = await store.countBacklogs(null, at);
    this.#samples.push({ at, ofTenant: new Map(counts.map((count) => [count.tenantSeq, count])) });
    if (this.#samples.length > TALLY_MINUTES_MAX) this.#samples.shift();
  }

  async #store(now: EpochMs, pauseMs: number): Promise<void> {
    while (await this.#turns.run(() => this.#storeStep(now))) {
      if (pauseMs > 0) await new Promise<void>((resolve) => this.#options.clock.after(pauseMs, resolve));
    }
  }

  /** Returns whether there may be more. */
  async #storeStep(now: EpochMs): Promise<boolean> {
    const taken = this.#minutes.takeUnstored(now, TALLIES_STORED_COUNT_MAX);
    if (taken.length === 0) return false;
    try {
      await this.#options.store.addTallies(
        taken.map(({ tenantSeq, scope, at, tally }) => ({
          tenantSeq,
          scope,
          hour: hourOf(at),
          minute: at,
          tally: tallyText(tally),
        })),
      );
      return true;
    } catch (error) {
      this.#minutes.putBack(taken);
      throw error;
    }
  }
}

const EMPTY = { held: 0, ready: 0, scheduled: 0, more: false, heldBytes: 0, oldestAt: null, readySince: null } as const;

function hourOf(at: EpochMs): EpochMs {
  return Math.floor(at / HOUR_MS) * HOUR_MS;
}

/** The backlog of all tenants, for the metrics. */
export function backlogGauges({ ready, scheduled, held, oldestMs, readyMs }: Backlog) {
  return {
    backlogReady: ready,
    backlogScheduled: scheduled,
    backlogHeld: held,
    backlogOldestSeconds: oldestMs / 1000,
    backlogReadySeconds: readyMs / 1000,
  };
}

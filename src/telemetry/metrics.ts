/** Metrics. No metric has a label for the endpoint or tenant, because their number is unbounded. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { TOTALS, type Totals } from "../domain/upkeep/totals.ts";
import type { StoreStats } from "../ports/store.ts";
import { createHappenings, type Happenings } from "./happenings.ts";
import type { LoopDelay, LoopDelayReader } from "./loop-delay.ts";

/** Callbacks, because telemetry knows neither the engine nor the store. */
export interface GaugeSources {
  engine(): EngineNumbers;
  /** May reject while the store is unreachable. */
  store(): Promise<StoreStats>;
}

/** The same numbers as the engine's `EngineGauges`. */
export interface EngineNumbers {
  readonly inFlight: number;
  readonly deliveriesInMemory: number;
  readonly payloadBytesInMemory: number;
  readonly lanes: number;
  readonly publishQueue: number;
  readonly settleQueue: number;
  readonly clockOffsetSeconds: number;
  readonly nodes: number;
  readonly backlogReady: number;
  readonly backlogScheduled: number;
  readonly backlogHeld: number;
  readonly backlogOldestSeconds: number;
  readonly backlogReadySeconds: number;
}

export interface Metrics extends Happenings {
  observe(sources: GaugeSources): void;
  text(): Promise<string>;
  readonly contentType: string;
}

type Names<K extends string> = Readonly<Record<K, readonly [string, string]>>;

const ENGINE_GAUGES: Names<keyof EngineNumbers> = {
  inFlight: ["signalbox_in_flight", "Attempts in flight."],
  deliveriesInMemory: ["signalbox_memory_deliveries", "Deliveries in memory."],
  payloadBytesInMemory: ["signalbox_memory_payload_bytes", "Payload bytes in memory."],
  lanes: ["signalbox_lanes", "Busy endpoints."],
  publishQueue: ["signalbox_publish_queue", "Events waiting to be committed."],
  settleQueue: ["signalbox_settle_queue", "Settlements waiting to be committed."],
  clockOffsetSeconds: ["signalbox_clock_offset_seconds", "How far PostgreSQL's clock is ahead of this machine's."],
  nodes: ["signalbox_nodes", "Nodes that are alive, as this node knows."],
  backlogReady: ["signalbox_backlog_ready", "Deliveries in the store that are due, counted once a minute."],
  backlogScheduled: ["signalbox_backlog_scheduled", "Deliveries in the store that wait for a later attempt."],
  backlogHeld: ["signalbox_backlog_held", "Deliveries in the store whose endpoint is not active."],
  backlogOldestSeconds: ["signalbox_backlog_oldest_seconds", "Age of the oldest delivery that waits in the store."],
  backlogReadySeconds: [
    "signalbox_backlog_ready_oldest_seconds",
    "How long the store has had a delivery that could be sent at once.",
  ],
};
const STORE_GAUGES: Names<Exclude<keyof StoreStats, "totals">> = {
  fileBytes: ["signalbox_store_file_bytes", "Size of the store's file, or of the database."],
  walBytes: ["signalbox_store_wal_bytes", "Size of the write-ahead log."],
  leased: ["signalbox_store_leased", "Deliveries leased in the store."],
  openPauses: ["signalbox_pauses_open", "Pauses that wait for an answer."],
  writable: ["signalbox_store_writable", "1 if the store can commit, otherwise 0."],
};
/** The name, the label, and the help text of each counter. */
const STORE_COUNTERS: Readonly<Record<keyof Totals, readonly [string, string | null, string]>> = {
  events: ["signalbox_events_published_total", "origin", "Events that were stored, by what published them."],
  deliveries: ["signalbox_deliveries_total", "origin", "Deliveries that were stored, by what created them."],
  endedDeliveries: ["signalbox_deliveries_ended_total", "state", "Deliveries that ended, by their last state."],
  createdPauses: ["signalbox_pauses_created_total", null, "Pauses that were created."],
  endedPauses: ["signalbox_pauses_ended_total", "status", "Pauses that ended, by how."],
};
/** These replace the metrics of the library, which include the interval of their timer and wake the process every 10 ms. */
const LOOP_DELAYS = {
  p50: ["nodejs_eventloop_lag_p50_seconds", "How late the event loop was since the last scrape, 50th percentile."],
  p90: ["nodejs_eventloop_lag_p90_seconds", "How late the event loop was since the last scrape, 90th percentile."],
  p99: ["nodejs_eventloop_lag_p99_seconds", "How late the event loop was since the last scrape, 99th percentile."],
  max: ["nodejs_eventloop_lag_max_seconds", "How late the event loop was at most since the last scrape."],
} as const satisfies Names<keyof LoopDelay>;
const LIBRARY_LOOP_DELAYS = ["min", "max", "mean", "stddev", "p50", "p90", "p99"].map(
  (of) => `nodejs_eventloop_lag_${of}_seconds`,
);
/** As seldom as the library allows. */
const LIBRARY_INTERVAL_MS = 3_600_000;
/** Gauges whose names end as only those of counters should. `nodejs_active_resources` has the same numbers by type. */
const MISNAMED = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

export function createMetrics(version: string, loopDelay: LoopDelayReader): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LIBRARY_INTERVAL_MS });
  for (const name of [...MISNAMED, ...LIBRARY_LOOP_DELAYS]) registry.removeSingleMetric(name);
  const build = { registers: [registry], name: "signalbox_build_info", help: "Always 1.", labelNames: ["version"] };
  new Gauge(build).set({ version }, 1);
  const gauges = createGauges(registry, loopDelay);
  return {
    ...createHappenings(registry),
    observe: gauges.observe,
    async text() {
      await gauges.read();
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}

function createGauges(registry: Registry, loopDelay: LoopDelayReader) {
  const engine = gaugesOf(registry, ENGINE_GAUGES);
  const store = gaugesOf(registry, STORE_GAUGES);
  const counters = countersOf(registry);
  const loop = gaugesOf(registry, LOOP_DELAYS);
  let sources: GaugeSources | null = null;
  return {
    observe(given: GaugeSources): void {
      sources = given;
    },
    /**
     * Update all gauges before the registry collects. It collects its metrics concurrently, so one gauge could not set
     * another.
     */
    async read(): Promise<void> {
      const { p50, p90, p99, max } = loopDelay();
      loop.set({ p50: p50 / 1000, p90: p90 / 1000, p99: p99 / 1000, max: max / 1000 });
      if (sources === null) return;
      engine.set(sources.engine());
      // An unreachable store must not make the scrape fail, because the scrape reports it.
      const stats = await sources.store().catch(() => null);
      if (stats === null) return store.set({ writable: false });
      const { totals, ...numbers } = stats;
      store.set(numbers);
      counters.set(totals);
    },
  };
}

function gaugesOf<K extends string>(registry: Registry, names: Names<K>) {
  const gauges = new Map(
    Object.entries<readonly [string, string]>(names).map(([key, [name, help]]) => [
      key,
      new Gauge({ registers: [registry], name, help }),
    ]),
  );
  return {
    set(numbers: Readonly<Partial<Record<K, number | boolean>>>): void {
      for (const [key, value] of Object.entries(numbers)) gauges.get(key)?.set(Number(value));
    },
  };
}

/** The store counts, and a scrape only takes over its numbers. */
function countersOf(registry: Registry) {
  const counters = (Object.keys(STORE_COUNTERS) as (keyof Totals)[]).map((of) => {
    const [name, label, help] = STORE_COUNTERS[of];
    const counter = new Counter({ registers: [registry], name, help, labelNames: label === null ? [] : [label] });
    return { of, counter, labelsOf: (value: string) => (label === null ? {} : { [label]: value }) };
  });
  return {
    set(totals: Totals): void {
      for (const { of, counter, labelsOf } of counters) {
        counter.reset();
        const numbers: Readonly<Record<string, number>> = totals[of];
        for (const value of TOTALS[of]) counter.inc(labelsOf(value), numbers[value] ?? 0);
      }
    },
  };
}

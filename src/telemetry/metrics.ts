/** Metrics. No metric has a label for the endpoint or tenant, because their number is unbounded. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { StoreStats } from "../ports/store.ts";
import type { Attempted, Noticed } from "../ports/telemetry.ts";

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
  readonly clockOffsetMs: number;
  readonly nodes: number;
  readonly backlogReady: number;
  readonly backlogScheduled: number;
  readonly backlogHeld: number;
  readonly backlogOldestSeconds: number;
}

export interface Metrics {
  attempted(attempt: Pick<Attempted, "outcome" | "classification" | "latencyMs" | "ageMs">): void;
  published(deliveries: number): void;
  noticed(level: Noticed["level"]): void;
  observe(sources: GaugeSources): void;
  text(): Promise<string>;
  readonly contentType: string;
}

/** Up to the longest timeout of an endpoint, 30 s. */
const LATENCY_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** From a first attempt on the same machine to the end of a long retry schedule. */
const AGE_BUCKETS_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60, 300, 1800, 7200, 28_800, 86_400, 604_800];

const ENGINE_GAUGES: Readonly<Record<keyof EngineNumbers, readonly [string, string]>> = {
  inFlight: ["signalbox_in_flight", "Attempts in flight"],
  deliveriesInMemory: ["signalbox_memory_deliveries", "Deliveries in memory"],
  payloadBytesInMemory: ["signalbox_memory_payload_bytes", "Payload bytes in memory"],
  lanes: ["signalbox_lanes", "Busy endpoints"],
  publishQueue: ["signalbox_publish_queue", "Events waiting to be committed"],
  settleQueue: ["signalbox_settle_queue", "Settlements waiting to be committed"],
  clockOffsetMs: ["signalbox_clock_offset_ms", "How far PostgreSQL's clock is ahead of this machine's"],
  nodes: ["signalbox_nodes", "Nodes that are alive, as this node knows"],
  backlogReady: ["signalbox_backlog_ready", "Deliveries in the store that are due, counted once a minute"],
  backlogScheduled: ["signalbox_backlog_scheduled", "Deliveries in the store that wait for a later attempt"],
  backlogHeld: ["signalbox_backlog_held", "Deliveries in the store whose endpoint is not active"],
  backlogOldestSeconds: ["signalbox_backlog_oldest_seconds", "Age of the oldest delivery that waits in the store"],
};
const STORE_GAUGES: Readonly<Record<keyof StoreStats, readonly [string, string]>> = {
  fileBytes: ["signalbox_store_file_bytes", "Size of the store's file"],
  walBytes: ["signalbox_store_wal_bytes", "Size of the write-ahead log"],
  leased: ["signalbox_store_leased", "Deliveries leased in the store"],
  writable: ["signalbox_store_writable", "1 if the store can commit, otherwise 0"],
};

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  // These include nodejs_eventloop_lag_*, which measures how long the event loop was blocked.
  collectDefaultMetrics({ register: registry });
  const attempts = new Counter({
    registers,
    name: "signalbox_attempts_total",
    help: "Attempts that ended",
    labelNames: ["outcome", "classification"],
  });
  const events = new Counter({ registers, name: "signalbox_events_published_total", help: "Events accepted" });
  const deliveries = new Counter({
    registers,
    name: "signalbox_deliveries_total",
    help: "Deliveries created for events",
  });
  const notices = new Counter({
    registers,
    name: "signalbox_notices_total",
    help: "Log lines that are not about an attempt",
    labelNames: ["level"],
  });
  const latency = new Histogram({
    registers,
    name: "signalbox_attempt_latency_seconds",
    help: "From an attempt's start to its end",
    buckets: LATENCY_BUCKETS_SECONDS,
  });
  const age = new Histogram({
    registers,
    name: "signalbox_delivered_age_seconds",
    help: "From an event's acceptance to the end of the attempt that delivered it",
    buckets: AGE_BUCKETS_SECONDS,
  });
  const gauges = createGauges(registry);
  return {
    attempted({ outcome, classification, latencyMs, ageMs }) {
      attempts.inc({ outcome, classification });
      latency.observe(latencyMs / 1000);
      if (outcome === "SUCCESS") age.observe(ageMs / 1000);
    },
    published(count) {
      events.inc();
      deliveries.inc(count);
    },
    noticed: (level) => notices.inc({ level }),
    observe: gauges.observe,
    async text() {
      await gauges.read();
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}

function createGauges(registry: Registry) {
  const engine = gaugesOf(registry, ENGINE_GAUGES);
  const store = gaugesOf(registry, STORE_GAUGES);
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
      if (sources === null) return;
      engine.set(sources.engine());
      // An unreachable store must not make the scrape fail, because the scrape reports it.
      store.set(await sources.store().catch(() => ({ writable: false })));
    },
  };
}

function gaugesOf<K extends string>(registry: Registry, names: Readonly<Record<K, readonly [string, string]>>) {
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

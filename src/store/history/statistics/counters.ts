/** The sums for the statistics. They are added up in memory during a group commit and written once at its end. */
import type { EpochMs, Seq } from "../../../domain/ids.ts";
import type { TotalName } from "../../../domain/upkeep/totals.ts";
import type { Connection } from "../../connection.ts";
import { hourOf } from "../../rows.ts";
import type { Counting } from "../../totals.ts";

export interface Counters {
  created(key: CounterKey, origin: TotalName<"deliveries">): void;
  ended(key: CounterKey, state: TotalName<"endedDeliveries">): void;
  /** A delivery that ended without success at that time waits again. */
  reopened(key: CounterKey): void;
  answered(key: CounterKey, latencyMs: number): void;
  attempted(key: CounterKey, how: "ok" | "failed"): void;
  flush(): void;
  clear(): void;
}

export interface CounterKey {
  readonly tenantSeq: Seq;
  readonly endpointSeq: Seq;
  readonly at: EpochMs;
}

/** total, delivered, failed, latency sum, the five buckets, then the attempts that succeeded and failed. */
type Sums = [number, number, number, number, number, number, number, number, number, number, number];
interface Row {
  readonly tenantSeq: Seq;
  readonly hour: EpochMs;
  readonly endpointSeq: Seq;
  readonly sums: Sums;
}

interface Latest extends Omit<Row, "sums"> {
  readonly ofEndpoint: Sums;
  readonly ofTenant: Sums;
}

const TOTAL = 0;
const DELIVERED = 1;
const FAILED = 2;
const LATENCY_SUM = 3;
const FIRST_BUCKET = 4;
const ATTEMPTS_OK = 9;
const ATTEMPTS_FAILED = 10;
const BUCKET_BOUNDS_MS = [100, 300, 1000, 5000];
/** The row with `endpoint_seq` 0 counts the whole tenant. */
const WHOLE_TENANT = 0;

const ADD = `
  INSERT INTO counters
    (tenant_seq, hour, endpoint_seq, total, delivered, failed, latency_sum_ms, under_100_ms, under_300_ms,
     under_1000_ms, under_5000_ms, over_5000_ms, attempts_ok, attempts_failed)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (tenant_seq, hour, endpoint_seq) DO UPDATE SET
    total = counters.total + excluded.total,
    delivered = counters.delivered + excluded.delivered,
    failed = counters.failed + excluded.failed,
    latency_sum_ms = counters.latency_sum_ms + excluded.latency_sum_ms,
    under_100_ms = counters.under_100_ms + excluded.under_100_ms,
    under_300_ms = counters.under_300_ms + excluded.under_300_ms,
    under_1000_ms = counters.under_1000_ms + excluded.under_1000_ms,
    under_5000_ms = counters.under_5000_ms + excluded.under_5000_ms,
    over_5000_ms = counters.over_5000_ms + excluded.over_5000_ms,
    attempts_ok = counters.attempts_ok + excluded.attempts_ok,
    attempts_failed = counters.attempts_failed + excluded.attempts_failed`;

function bucketOf(latencyMs: number): number {
  const bound = BUCKET_BOUNDS_MS.findIndex((upTo) => latencyMs < upTo);
  return FIRST_BUCKET + (bound === -1 ? BUCKET_BOUNDS_MS.length : bound);
}

export function createCounters(connection: Connection, totals: Pick<Counting, "add">): Counters {
  /** By tenant, then endpoint, then hour. A group touches few of them, and no combined key has to be built. */
  const rows = new Map<Seq, Map<Seq, Row[]>>();

  function sums(tenantSeq: Seq, endpointSeq: Seq, hour: EpochMs): Sums {
    const ofTenant = rows.get(tenantSeq) ?? new Map<Seq, Row[]>();
    rows.set(tenantSeq, ofTenant);
    const ofEndpoint = ofTenant.get(endpointSeq) ?? [];
    ofTenant.set(endpointSeq, ofEndpoint);
    const known = ofEndpoint.find((candidate) => candidate.hour === hour);
    if (known !== undefined) return known.sums;
    const sums: Sums = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    ofEndpoint.push({ tenantSeq, hour, endpointSeq, sums });
    return sums;
  }

  /** What the last call added to: a settlement adds to the same sums several times, and the next one often does. */
  let latest: Latest | null = null;

  function latestOf({ tenantSeq, endpointSeq, at }: CounterKey): Latest {
    const hour = hourOf(at);
    if (latest?.endpointSeq === endpointSeq && latest.hour === hour && latest.tenantSeq === tenantSeq) return latest;
    const ofEndpoint = sums(tenantSeq, endpointSeq, hour);
    latest = { tenantSeq, endpointSeq, hour, ofEndpoint, ofTenant: sums(tenantSeq, WHOLE_TENANT, hour) };
    return latest;
  }

  function add(key: CounterKey, index: number, amount: number): void {
    const { ofEndpoint, ofTenant } = latestOf(key);
    ofEndpoint[index] = (ofEndpoint[index] ?? 0) + amount;
    ofTenant[index] = (ofTenant[index] ?? 0) + amount;
  }

  return {
    created(key, origin) {
      add(key, TOTAL, 1);
      totals.add("deliveries", origin);
    },
    ended(key, state) {
      add(key, state === "DELIVERED" ? DELIVERED : FAILED, 1);
      totals.add("endedDeliveries", state);
    },
    reopened: (key) => add(key, FAILED, -1),
    answered(key, latencyMs) {
      add(key, bucketOf(latencyMs), 1);
      add(key, LATENCY_SUM, latencyMs);
    },
    attempted: (key, how) => add(key, how === "ok" ? ATTEMPTS_OK : ATTEMPTS_FAILED, 1),
    flush() {
      if (rows.size === 0) return;
      const all = [...rows.values()].flatMap((byEndpoint) => [...byEndpoint.values()].flat());
      const values = all.map(({ tenantSeq, hour, endpointSeq, sums }) => [tenantSeq, hour, endpointSeq, ...sums]);
      connection.prepare(ADD).runEach(values);
    },
    clear() {
      rows.clear();
      latest = null;
    },
  };
}

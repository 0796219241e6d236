import assert from "node:assert/strict";
import { test } from "node:test";
import { openRows, type Rows, START } from "../../../../test/fixtures/sqlite-rows.ts";
import type { Seq } from "../../../domain/ids.ts";
import { countEndpointHealth, countLatency, countVolume } from "./statistics.ts";

const HOUR_MS = 3_600_000;

interface Counted {
  readonly tenantSeq: Seq;
  readonly endpointSeq: Seq;
  readonly hour: number;
  readonly total: number;
}

/** The row of an hour: one delivery failed, in 9 s, and the others were delivered, in 7 ms each. */
function count(rows: Rows, { tenantSeq, endpointSeq, hour, total }: Counted): void {
  rows.insert("counters", {
    tenant_seq: tenantSeq,
    hour: START + hour * HOUR_MS,
    endpoint_seq: endpointSeq,
    total,
    delivered: total - 1,
    failed: 1,
    latency_sum_ms: 7 * (total - 1) + 9000,
    under_100_ms: total - 1,
    under_300_ms: 0,
    under_1000_ms: 0,
    under_5000_ms: 0,
    over_5000_ms: 1,
  });
}

test("volume and latency are the tenant's own over the requested hours, with zeros for empty hours", () => {
  const rows = openRows();
  const tenantSeq = rows.tenant();
  for (const [hour, total] of [10, 20, 40].entries()) {
    count(rows, { tenantSeq, endpointSeq: 0, hour: hour * 2, total });
    count(rows, { tenantSeq, endpointSeq: 5, hour: hour * 2, total: 1000 });
    count(rows, { tenantSeq: tenantSeq + 1, endpointSeq: 0, hour: hour * 2, total: 1000 });
  }
  assert.deepEqual(countVolume(rows.connection, tenantSeq, START, START + 4 * HOUR_MS), [
    { hour: START, total: 10, delivered: 9, failed: 1 },
    { hour: START + HOUR_MS, total: 0, delivered: 0, failed: 0 },
    { hour: START + 2 * HOUR_MS, total: 20, delivered: 19, failed: 1 },
    { hour: START + 3 * HOUR_MS, total: 0, delivered: 0, failed: 0 },
  ]);
  assert.deepEqual(countLatency(rows.connection, tenantSeq, START, START + 4 * HOUR_MS), [28, 0, 0, 0, 2]);
});

test("endpoint health sums every endpoint over any number of hours and steps, deleted ones left out", () => {
  const rows = openRows();
  const tenantSeq = rows.tenant();
  const hours = 700;
  const endpoints = Array.from({ length: 40 }, (_, index) =>
    rows.endpoint({ tenant_seq: tenantSeq, name: `e${index}` }),
  );
  const gone = rows.endpoint({ tenant_seq: tenantSeq, deleted_at: START });
  const quiet = rows.endpoint({ tenant_seq: tenantSeq, name: "quiet", status: "PAUSED" });
  rows.connection.db.exec("BEGIN");
  for (const { seq } of [...endpoints, gone]) {
    for (const hour of [0, 350, hours - 1, hours]) count(rows, { tenantSeq, endpointSeq: seq, hour, total: 10 + seq });
  }
  rows.connection.db.exec("COMMIT");
  const health = countEndpointHealth(rows.connection, tenantSeq, START, START + hours * HOUR_MS);
  assert.deepEqual(
    health.map((row) => row.endpointId),
    [...endpoints, quiet].map((endpoint) => endpoint.id),
  );
  assert.deepEqual(health[39], {
    endpointId: endpoints[39]?.id,
    name: "e39",
    status: "ACTIVE",
    total: 150,
    delivered: 147,
    failed: 3,
    latencySumMs: 3 * (7 * 49 + 9000),
    latencyCount: 150,
    attemptsOk: 0,
    attemptsFailed: 0,
    failingSince: null,
  });
  assert.deepEqual([health[40]?.status, health[40]?.total, health[40]?.latencyCount], ["PAUSED", 0, 0]);
});

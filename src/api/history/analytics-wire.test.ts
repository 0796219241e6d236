import assert from "node:assert/strict";
import { test } from "node:test";
import type { Uuid } from "../../domain/ids.ts";
import { healthJson, latencyJson, rateJson, volumeJson } from "./analytics-wire.ts";

const hour = Date.UTC(2024, 0, 1, 5);

test("the volume counts the deliveries that were created and those that ended", () => {
  assert.deepEqual(volumeJson({ hour, total: 5, delivered: 2, failed: 1 }), {
    hour: "2024-01-01T05:00:00Z",
    total: 5,
    delivered: 2,
    failed: 1,
  });
});

test("a rate is a percentage of the deliveries that ended, and null if none did", () => {
  assert.deepEqual(rateJson({ hour, total: 5, delivered: 2, failed: 1 }), {
    hour: "2024-01-01T05:00:00Z",
    rate: 66.67,
    total: 3,
  });
  assert.equal(rateJson({ hour, total: 5, delivered: 0, failed: 0 }).rate, null);
});

test("latencies are in five buckets", () => {
  assert.deepEqual(latencyJson([1, 2, 3, 4, 5]), [
    { bucket: "<100ms", count: 1 },
    { bucket: "100-300ms", count: 2 },
    { bucket: "300-1000ms", count: 3 },
    { bucket: "1-5s", count: 4 },
    { bucket: ">5s", count: 5 },
  ]);
});

test("an endpoint without a response has neither a latency nor a rate", () => {
  const row = { endpointId: "x" as Uuid, name: "n", status: "ACTIVE", total: 1, delivered: 0, failed: 0 } as const;
  const attempts = { attemptsOk: 0, attemptsFailed: 1, failingSince: hour };
  const health = healthJson({ ...row, ...attempts, latencySumMs: 0, latencyCount: 0 });
  assert.deepEqual([health.success_rate, health.avg_latency_ms], [null, null]);
  assert.equal(health.failing_since, "2024-01-01T05:00:00Z");
  assert.equal(healthJson({ ...row, ...attempts, latencySumMs: 10, latencyCount: 4 }).avg_latency_ms, 3);
});

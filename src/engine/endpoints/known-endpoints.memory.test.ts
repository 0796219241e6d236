import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Destination, MatchedEndpoint } from "../../domain/endpoints/endpoint.ts";
import type { Uuid } from "../../domain/ids.ts";
import { KnownEndpoints } from "./known-endpoints.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

function matchedEndpoint(seq: number): MatchedEndpoint {
  const id = `00000000-0000-7000-8000-${String(seq).padStart(12, "0")}` as Uuid;
  return { seq, id, status: "ACTIVE", format: "standard", ordered: false };
}

function destination(seq: number, chars: number): Destination {
  return {
    ...matchedEndpoint(seq),
    tenantId: "00000000-0000-7000-8000-000000000001" as Uuid,
    tenantSeq: 1,
    createdThrough: "endpoints",
    transport: "http",
    name: `Endpoint ${seq}`,
    url: `https://example.com/${"u".repeat(chars)}/${seq}`,
    headers: Object.fromEntries([1, 2, 3].map((header) => [`x-${header}-${seq}`, "h".repeat(chars)])),
    timeoutSeconds: 10,
    retryScheduleSeconds: [5, 300, 1800, 7200, 18_000, 36_000, 36_000],
    rateLimitPerSecond: null,
    maxInFlight: 32,
    pausedAt: null,
    disabledReason: null,
    generation: 1,
    secrets: { current: `whsec_${"s".repeat(44)}${seq}`, previous: null },
    createdAt: 1_800_000_000_000 + seq,
    updatedAt: 1_800_000_000_001 + seq,
  };
}

/** A copy, as the store's thread sends it: no two values share a string. */
const received = <T>(value: T): T => structuredClone(value);

/** The ratio of the counted bytes to the growth of the heap. */
function ratio(fill: (known: KnownEndpoints) => void): number {
  const before = heapBytes();
  const known = new KnownEndpoints(1);
  fill(known);
  const used = heapBytes() - before;
  return known.bytes / used;
}

/** The median of three: what V8 frees or compiles on its own now and then changes one of them at most. */
function counted(fill: (known: KnownEndpoints) => void): number {
  const ratios = [ratio(fill), ratio(fill), ratio(fill)];
  return ratios.sort((a, b) => a - b)[1] as number;
}

const ENDPOINTS = 5000;

const CASES: readonly (readonly [string, (known: KnownEndpoints) => void])[] = [
  ["endpoints", matchAll],
  [
    "types that match nothing",
    (known) => {
      for (let seq = 0; seq < ENDPOINTS; seq += 1)
        known.addMatch(received(`order.${seq}`), { count: 0, endpoints: [] });
    },
  ],
  [
    "types that match a hundred endpoints each",
    (known) => {
      const endpoints = Array.from({ length: 100 }, (_, seq) => matchedEndpoint(seq));
      for (let seq = 0; seq < ENDPOINTS; seq += 1) known.addMatch(received(`order.${seq}`), { count: 100, endpoints });
    },
  ],
  ["destinations with short strings", (known) => fillDestinations(known, 10)],
  ["destinations with long strings", (known) => fillDestinations(known, 1000)],
];

function matchAll(known: KnownEndpoints): void {
  const endpoints = Array.from({ length: ENDPOINTS }, (_, seq) => received(matchedEndpoint(seq)));
  known.addMatch("order.paid", { count: ENDPOINTS, endpoints });
}

function fillDestinations(known: KnownEndpoints, chars: number): void {
  matchAll(known);
  for (let seq = 0; seq < ENDPOINTS; seq += 1) known.addDestinations(received([destination(seq, chars)]));
}

for (const [what, fill] of CASES) {
  test(`the counted bytes of ${what} are close to the memory that they use`, () => {
    const times = counted(fill);
    assert.ok(times > 0.8 && times < 1.6, `${times.toFixed(2)} times the growth of the heap`);
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Tallied } from "../../domain/history/tally.ts";
import {
  TALLIES_COUNT_MAX,
  TALLIES_OF_MINUTE_COUNT_MAX,
  TALLY_TYPES_OF_TENANT_COUNT_MAX,
} from "../../domain/limits.ts";
import { endpointScope, MINUTE_MS, Minutes, typeScope } from "./minutes.ts";

const OK: Tallied = { classification: "success", isFirst: true, gaveUp: false, latencyMs: 5, ageMs: 9 };
const FAILED: Tallied = { ...OK, classification: "http_status", ageMs: null };
const START = 100 * MINUTE_MS;

function sum(read: Iterable<readonly [at: number, tally: { readonly ok: number; readonly failed: number }]>) {
  return [...read].map(([at, { ok, failed }]) => [at - START, ok, failed]);
}

test("attempts count for their tenant, their endpoint and their type, in their minute", () => {
  const minutes = new Minutes(START);
  minutes.count(START, 1, 7, "a", OK);
  minutes.count(START + 1, 1, 8, "a", FAILED);
  minutes.count(START + MINUTE_MS, 2, 7, "b", OK);
  const all = [START, START + 10 * MINUTE_MS] as const;
  assert.deepEqual(sum(minutes.read(1, "", ...all)), [[0, 1, 1]]);
  assert.deepEqual(sum(minutes.read(1, endpointScope(8), ...all)), [[0, 0, 1]]);
  assert.deepEqual(sum(minutes.read(1, typeScope("a"), ...all)), [[0, 1, 1]]);
  assert.deepEqual(sum(minutes.read(2, "", ...all)), [[MINUTE_MS, 1, 0]]);
  assert.deepEqual(sum(minutes.read(2, "", START, START + MINUTE_MS)), []);
});

test("a minute is stored once it is over, in steps, and what could not be stored is there again", () => {
  const minutes = new Minutes(START);
  minutes.count(START, 1, 7, "a", OK);
  assert.deepEqual(minutes.takeUnstored(START + 1, 10), []);
  const over = START + MINUTE_MS;
  const first = minutes.takeUnstored(over, 2);
  assert.deepEqual(
    first.map(({ scope }) => scope),
    ["", "e7"],
  );
  assert.deepEqual(sum(minutes.readUnstored(1, "")), []);
  minutes.putBack(first);
  assert.deepEqual(sum(minutes.readUnstored(1, "")), [[0, 1, 0]]);
  assert.equal(minutes.takeUnstored(over, 10).length, 3);
  assert.deepEqual(minutes.takeUnstored(over, 10), []);
  minutes.count(over, 1, 7, "a", OK);
  assert.deepEqual(sum(minutes.readUnstored(1, "")), [[MINUTE_MS, 1, 0]], "the minute that lasts is not stored");
});

test("memory is bounded: by types of a tenant, by tallies of a minute, and by minutes", () => {
  const minutes = new Minutes(START);
  for (let type = 0; type < 300; type += 1) minutes.count(START, 1, 7, `type${type}`, OK);
  const unstored = minutes.takeUnstored(Number.POSITIVE_INFINITY, 1000);
  assert.equal(unstored.length, 2 + TALLY_TYPES_OF_TENANT_COUNT_MAX);
  assert.equal(unstored.find(({ scope }) => scope === "")?.tally.ok, 300);
  for (let minute = 1; minute <= 4; minute += 1) {
    const at = START + minute * MINUTE_MS;
    for (let endpoint = 1; endpoint <= TALLIES_OF_MINUTE_COUNT_MAX; endpoint += 1)
      minutes.count(at, 1, endpoint, "a", OK);
  }
  assert.ok(3 * TALLIES_OF_MINUTE_COUNT_MAX > TALLIES_COUNT_MAX);
  const kept = [...minutes.read(1, "", 0, Number.POSITIVE_INFINITY)].map(([at]) => (at - START) / MINUTE_MS);
  assert.deepEqual(kept, [2, 3, 4], "the oldest are dropped when a minute begins");
  minutes.count(START + 1000 * MINUTE_MS, 1, 7, "a", OK);
  assert.deepEqual(sum(minutes.read(1, "", 0, Number.POSITIVE_INFINITY)), [[1000 * MINUTE_MS, 1, 0]]);
});

test("the recent minutes are the one that lasts and the one before it", () => {
  const minutes = new Minutes(START);
  for (let minute = 0; minute < 4; minute += 1) minutes.count(START + minute * MINUTE_MS, 1, 7, "a", OK);
  const recent = sum(minutes.recent(1, endpointScope(7), START + 2 * MINUTE_MS));
  assert.deepEqual(recent, [
    [2 * MINUTE_MS, 1, 0],
    [3 * MINUTE_MS, 1, 0],
  ]);
});

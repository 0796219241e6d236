import assert from "node:assert/strict";
import { test } from "node:test";
import { inSlices } from "./turns.ts";

/** Each reading of the clock is so much later. */
function clockOf(stepMs: number) {
  let now = 0;
  return {
    monotonicMs() {
      now += stepMs;
      return now;
    },
  };
}

test("items start in order, and the event loop takes turns between slices of them", async () => {
  const seen: string[] = [];
  setImmediate(() => seen.push("another request"));
  const results = await inSlices(clockOf(3), ["a", "b", "c", "d"], (item) => {
    seen.push(item);
    return Promise.resolve(item.toUpperCase());
  });
  assert.deepEqual(results, ["A", "B", "C", "D"]);
  assert.deepEqual(seen, ["a", "b", "another request", "c", "d"]);
});

test("an item that fails early fails the call, but only after every item has started", async () => {
  const begun: number[] = [];
  const failing = inSlices(clockOf(100), [0, 1, 2], (item) => {
    begun.push(item);
    return item === 0 ? Promise.reject(new Error("the first")) : Promise.resolve(item);
  });
  await assert.rejects(failing, /the first/);
  assert.deepEqual(begun, [0, 1, 2]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { BATCH_CALLS_MAX } from "../../domain/limits.ts";
import { Batcher } from "./batcher.ts";

interface Element {
  readonly tenantSeq: number;
  readonly number: number;
}

/** Each call stays under way until the test ends it. */
function stage(queueBytesMax: number) {
  const calls: { readonly elements: readonly Element[]; end(): void }[] = [];
  const batcher = new Batcher<Element, number>({
    carryOut(elements) {
      const { promise, resolve } = Promise.withResolvers<readonly number[]>();
      calls.push({ elements, end: () => resolve(elements.map(({ number }) => number)) });
      return promise;
    },
    rowsMax: 4,
    bytesMax: 1000,
    queueBytesMax,
    tenantOf: ({ tenantSeq }) => tenantSeq,
    onFailure: () => Promise.resolve("giveUp"),
  });
  const add = (tenantSeq: number, number: number) => batcher.add({ tenantSeq, number }, { rows: 1, bytes: 10 });
  return { batcher, calls, add };
}

test("a tenant's element joins the next call, no matter how many of another tenant's wait", async () => {
  const { calls, add } = stage(10_000);
  const noisy = Array.from({ length: 100 }, (_, number) => add(1, number));
  await new Promise((resolve) => setImmediate(resolve));
  const before = calls.length;
  const quiet = add(2, 7);
  const isServed = () => calls.some(({ elements }) => elements.some(({ tenantSeq }) => tenantSeq === 2));
  assert.ok(before <= BATCH_CALLS_MAX && !isServed());
  calls[0]?.end();
  await noisy[0];
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(calls.length, before + 1);
  assert.ok(isServed());
  for (let ended = 1; ended < calls.length; ended += 1) {
    calls[ended]?.end();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(await quiet, 7);
  assert.deepEqual(
    await Promise.all(noisy),
    noisy.map((_, number) => number),
  );
});

test("a call holds no more rows than it may, and a larger element goes by itself", async () => {
  const { batcher, calls } = stage(10_000);
  for (const [number, rows] of [3, 1, 1, 9, 1].entries()) {
    void batcher.add({ tenantSeq: 1, number }, { rows, bytes: 10 });
  }
  for (let ended = 0; batcher.size > 0; ended += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    calls[ended]?.end();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(
    calls.map(({ elements }) => elements.map(({ number }) => number)),
    [[0, 1], [2], [3], [4]],
  );
});

test("elements that wait or are under way count against their tenant's share, and not against another's", async () => {
  const { batcher, calls, add } = stage(100);
  const added = Array.from({ length: 5 }, (_, number) => add(1, number));
  assert.equal(batcher.allowance(1), 0);
  assert.equal(batcher.allowance(2), 50);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(batcher.allowance(1), 0);
  for (let ended = 0; ended < calls.length; ended += 1) {
    calls[ended]?.end();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(added);
  await batcher.drained();
  assert.deepEqual([batcher.allowance(1), batcher.bytes, batcher.size], [100, 0, 0]);
});

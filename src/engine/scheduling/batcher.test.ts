import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreUnavailable } from "../../domain/errors.ts";
import { BATCH_CALLS_MAX, GROUP_DELIVERIES_SHARED_MAX } from "../../domain/limits.ts";
import { Batcher, type BatcherOptions } from "./batcher.ts";

interface Element {
  readonly tenantSeq: number;
  readonly number: number;
}

interface Call {
  readonly elements: readonly Element[];
  end(): void;
}

/** Each call stays in flight until the test ends it. */
function stage(queueBytesMax: number, more: Partial<BatcherOptions<Element, number>> = {}) {
  const calls: Call[] = [];
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
    ...more,
  });
  const add = (tenantSeq: number, number: number) => batcher.add({ tenantSeq, number }, { rows: 1, bytes: 10 });
  return { batcher, calls, add };
}

/** End the calls one after the other. Returns the elements of each. */
async function numbersByCall(batcher: Batcher<Element, number>, calls: readonly Call[]): Promise<number[][]> {
  for (let ended = 0; batcher.size > 0; ended += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    calls[ended]?.end();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return calls.map(({ elements }) => elements.map(({ number }) => number));
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

test("a call holds no more rows and bytes than it may, and a larger element goes by itself", async () => {
  for (const weightOf of [
    (size: number) => ({ rows: size, bytes: 10 }),
    (size: number) => ({ rows: 1, bytes: 250 * size }),
  ]) {
    const { batcher, calls } = stage(10_000);
    for (const [number, size] of [3, 1, 1, 9, 1].entries()) void batcher.add({ tenantSeq: 1, number }, weightOf(size));
    assert.deepEqual(await numbersByCall(batcher, calls), [[0, 1], [2], [3], [4]]);
  }
});

test("next to a tenant whose elements fill a call each, another tenant's elements share a call", async () => {
  const { batcher, calls } = stage(10_000);
  for (const number of [0, 1, 2]) {
    void batcher.add({ tenantSeq: 1, number }, { rows: 4, bytes: 10 });
    void batcher.add({ tenantSeq: 2, number: 10 + number }, { rows: 1, bytes: 10 });
  }
  assert.deepEqual(await numbersByCall(batcher, calls), [[0], [10, 11, 12], [1], [2]]);
});

test("a tenant has few rows in flight while others are active, and as many as fit while it is alone", async () => {
  const activity = { isShared: false, note() {} };
  const { calls, add } = stage(1e6, { rowsMax: 1000, bytesMax: 1e6, activity });
  const added: Promise<number>[] = [];
  const addMany = async () => {
    for (let number = 0; number < 2 * GROUP_DELIVERIES_SHARED_MAX; number += 1) added.push(add(1, number));
    await new Promise((resolve) => setImmediate(resolve));
  };
  const inFlight = () => calls.reduce((sum, { elements }) => sum + elements.length, 0);
  await addMany();
  assert.equal(inFlight(), 2 * GROUP_DELIVERIES_SHARED_MAX);
  for (const { end } of calls.splice(0)) end();
  await Promise.all(added);
  activity.isShared = true;
  await addMany();
  let ended = 0;
  let most = 0;
  while (ended < calls.length) {
    const held = calls.slice(ended).reduce((sum, { elements }) => sum + elements.length, 0);
    most = Math.max(most, held);
    calls[ended]?.end();
    ended += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(most, GROUP_DELIVERIES_SHARED_MAX);
  await Promise.all(added);
});

test("while others are active, an element with more rows than that waits only for its own tenant's calls", async () => {
  const { batcher, calls } = stage(1e6, { rowsMax: 1000, bytesMax: 1e6, activity: { isShared: true, note() {} } });
  for (const [number, rows] of [1, GROUP_DELIVERIES_SHARED_MAX + 1].entries()) {
    void batcher.add({ tenantSeq: 1, number }, { rows, bytes: 10 });
  }
  for (const number of [0, 1]) {
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(calls.at(-1)?.elements, [{ tenantSeq: 1, number }]);
    calls.at(-1)?.end();
  }
  await batcher.drained();
});

test("elements that wait or are in flight count against their tenant's share, and not against another's", async () => {
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

test("elements that wait behind stuck calls are rejected when an outage begins, and while it lasts", async () => {
  const listeners: ((down: boolean) => void)[] = [];
  let reason: string | null = null;
  const outage = {
    onChange: (listener: (down: boolean) => void) => void listeners.push(listener),
    get reason() {
      return reason;
    },
  };
  const { batcher, calls, add } = stage(10_000, { outage });
  const inFlight: Promise<number>[] = [];
  for (let number = 0; number < BATCH_CALLS_MAX; number += 1) {
    inFlight.push(add(1, number));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const waiting = add(1, 7);
  reason = "it is gone";
  for (const listener of listeners) listener(true);
  await assert.rejects(waiting, StoreUnavailable);
  await assert.rejects(add(1, 8), StoreUnavailable);
  assert.equal(batcher.size, BATCH_CALLS_MAX);
  for (const { end } of calls) end();
  assert.deepEqual(await Promise.all(inFlight), [0, 1, 2], "what was sent gets its result");
  const again = add(1, 9);
  await new Promise((resolve) => setImmediate(resolve));
  calls.at(-1)?.end();
  assert.equal(await again, 9, "a call can begin, so nothing waits behind others");
});

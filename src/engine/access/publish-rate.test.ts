import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { quotasOf } from "../../domain/access/quota.ts";
import { PublishRate } from "./publish-rate.ts";

/** The rates of a store in which every tenant has the same quota; set `state.perSecond` to change it. */
function open(perSecond: number) {
  const state = { perSecond, nowMs: 0, reads: 0 };
  const rate = new PublishRate(
    {
      async findQuotas() {
        state.reads += 1;
        return quotasOf({ events_per_second: state.perSecond });
      },
    },
    { monotonicMs: () => state.nowMs },
  );
  return { state, rate, consume: async (events: number, tenantSeq = 1) => rate.consume(tenantSeq, events) };
}

test("one second's worth of events passes at once, and later events at the rate", async () => {
  const { state, consume: admit } = open(10);
  for (let count = 0; count < 10; count += 1) assert.equal(await admit(1), null);
  assert.deepEqual(await admit(1), { kind: "quotaExceeded", quota: "events_per_second", limit: 10, waitMs: 100 });
  state.nowMs += 50;
  assert.equal((await admit(1))?.waitMs, 50);
  state.nowMs += 50;
  assert.equal(await admit(1), null);
  assert.equal((await admit(1))?.waitMs, 100);
});

test("a batch of any size passes as a whole, and later requests wait for its events", async () => {
  const { state, consume: admit } = open(10);
  assert.equal(await admit(1000), null);
  assert.equal((await admit(1))?.waitMs, 99_100);
  state.nowMs += 99_100;
  assert.equal(await admit(1000), null);
});

test("each tenant has its own rate, which is read from the store once", async () => {
  const { state, rate, consume: admit } = open(1);
  assert.deepEqual(await Promise.all([admit(1), admit(0, 2)]), [null, null]);
  assert.notEqual(await admit(1), null);
  assert.equal(await admit(1, 2), null);
  assert.equal(state.reads, 2);
  assert(!(rate.consume(1, 1) instanceof Promise), "the answer is synchronous once the quota is cached");
});

test("a changed quota applies after `forget`, even when it changes during the read", async () => {
  const { state, rate, consume: admit } = open(1);
  await admit(1);
  state.perSecond = 5;
  rate.forget(1);
  const first = admit(1);
  state.perSecond = 7;
  rate.forget();
  assert.equal(await first, null);
  assert.equal(await admit(7), null);
  assert.equal((await admit(1))?.limit, 7);
});

test("no interval lets through more than the rate, one second's worth and one batch", async () => {
  const step = fc.record({ waitMs: fc.nat(3000), events: fc.integer({ min: 1, max: 50 }) });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 20 }), fc.array(step, { maxLength: 50 }), async (perSecond, steps) => {
      const { state, consume: admit } = open(perSecond);
      let taken = 0;
      for (const { waitMs, events } of steps) {
        state.nowMs += waitMs;
        if ((await admit(events)) === null) taken += events;
        assert(taken <= perSecond + (state.nowMs * perSecond) / 1000 + 50);
      }
    }),
    { numRuns: 50 },
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { quotasOf } from "../../domain/access/quota.ts";
import { createPace } from "./publish-rate.ts";

/** A pace over a store in which every tenant has this rate, until the test says otherwise. */
function open(perSecond: number) {
  const state = { perSecond, nowMs: 0, reads: 0 };
  const pace = createPace(
    {
      async findQuotas() {
        state.reads += 1;
        return quotasOf({ events_per_second: state.perSecond });
      },
    },
    { monotonicMs: () => state.nowMs },
  );
  return { state, pace, admit: async (events: number, tenantSeq = 1) => pace.admit(tenantSeq, events) };
}

test("a second's worth goes at once, and then no faster than the rate", async () => {
  const { state, admit } = open(10);
  for (let count = 0; count < 10; count += 1) assert.equal(await admit(1), null);
  assert.deepEqual(await admit(1), { kind: "quotaExceeded", quota: "events_per_second", limit: 10, waitMs: 100 });
  state.nowMs += 50;
  assert.equal((await admit(1))?.waitMs, 50);
  state.nowMs += 50;
  assert.equal(await admit(1), null);
  assert.equal((await admit(1))?.waitMs, 100);
});

test("a batch of any size is taken whole, and those after it wait for its events", async () => {
  const { state, admit } = open(10);
  assert.equal(await admit(1000), null);
  assert.equal((await admit(1))?.waitMs, 99_100);
  state.nowMs += 99_100;
  assert.equal(await admit(1000), null);
});

test("tenants do not share a rate, and one look into the store tells a tenant's", async () => {
  const { state, pace, admit } = open(1);
  assert.deepEqual(await Promise.all([admit(1), admit(0, 2)]), [null, null]);
  assert.notEqual(await admit(1), null);
  assert.equal(await admit(1, 2), null);
  assert.equal(state.reads, 2);
  assert(!(pace.admit(1, 1) instanceof Promise), "no promise once it is known");
});

test("a changed rate holds once it is forgotten, also when it changes while it is read", async () => {
  const { state, pace, admit } = open(1);
  await admit(1);
  state.perSecond = 5;
  pace.forget(1);
  const first = admit(1);
  state.perSecond = 7;
  pace.forget();
  assert.equal(await first, null);
  assert.equal(await admit(7), null);
  assert.equal((await admit(1))?.limit, 7);
});

test("over any time no more gets through than the rate allows, beyond a second's worth and one batch", async () => {
  const step = fc.record({ waitMs: fc.nat(3000), events: fc.integer({ min: 1, max: 50 }) });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 20 }), fc.array(step, { maxLength: 50 }), async (rate, steps) => {
      const { state, admit } = open(rate);
      let taken = 0;
      for (const { waitMs, events } of steps) {
        state.nowMs += waitMs;
        if ((await admit(events)) === null) taken += events;
        assert(taken <= rate + (state.nowMs * rate) / 1000 + 50);
      }
    }),
    { numRuns: 50 },
  );
});

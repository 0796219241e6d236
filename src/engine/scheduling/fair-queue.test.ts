import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FairQueue } from "./fair-queue.ts";

test("tenants are served in turn, each in the order of its arrivals", () => {
  const queue = new FairQueue<string>();
  for (const item of ["a1", "a2", "a3", "b1", "c1", "c2"]) queue.push(item.charCodeAt(0), item);
  const served = Array.from({ length: 7 }, () => queue.next());
  assert.deepEqual(served, ["a1", "b1", "c1", "a2", "c2", "a3", null]);
});

test("a tenant that comes later waits for one item of each other tenant, not for all of their items", () => {
  const queue = new FairQueue<string>();
  for (let count = 0; count < 10_000; count += 1) queue.push(1, "noisy");
  queue.next();
  queue.push(2, "quiet");
  assert.equal(queue.next(), "noisy");
  assert.equal(queue.next(), "quiet");
  assert.equal(queue.size, 9998);
  for (let left = 9998; left > 0; left -= 1) assert.equal(queue.next(), "noisy");
  assert.equal(queue.next(), null);
});

test("a tenant that is passed over keeps its turn", () => {
  const queue = new FairQueue<string>();
  for (const item of ["a1", "a2", "b1", "b2"]) queue.push(item.charCodeAt(0), item);
  const isB = (tenantSeq: number) => tenantSeq === "b".charCodeAt(0);
  assert.equal(queue.next(isB), "b1");
  assert.equal(
    queue.next((_, item) => item !== "a1"),
    "b2",
  );
  assert.equal(queue.next(), "a1");
  assert.equal(
    queue.next(() => false),
    null,
  );
  assert.equal(queue.size, 1);
});

test("nothing is lost or served twice, and each tenant's items keep their order", () => {
  const pushes = fc.array(fc.option(fc.integer({ min: 1, max: 4 }), { freq: 3 }), { maxLength: 4000 });
  fc.assert(
    fc.property(pushes, (steps) => {
      const queue = new FairQueue<readonly [tenantSeq: number, number: number]>();
      const served: (readonly [number, number])[] = [];
      const serve = () => {
        const item = queue.next();
        if (item !== null) served.push(item);
      };
      for (const [number, tenantSeq] of steps.entries()) {
        if (tenantSeq === null) serve();
        else queue.push(tenantSeq, [tenantSeq, number]);
      }
      while (queue.size > 0) serve();
      assert.equal(served.length, steps.filter((step) => step !== null).length);
      for (const tenantSeq of [1, 2, 3, 4]) {
        const numbers = served.filter(([owner]) => owner === tenantSeq).map(([, number]) => number);
        assert.deepEqual(
          numbers,
          numbers.toSorted((one, other) => one - other),
        );
      }
    }),
    { numRuns: 30 },
  );
});

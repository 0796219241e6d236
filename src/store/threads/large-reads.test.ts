import assert from "node:assert/strict";
import { test } from "node:test";
import { Overloaded } from "../../domain/errors.ts";
import { LargeReads } from "./large-reads.ts";

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Reads that end on request, and are noted when they begin. */
function open(countMax: number, waitingOfTenantMax = 10) {
  const reads = new LargeReads(countMax, waitingOfTenantMax);
  const begun: string[] = [];
  const running = new Map<string, PromiseWithResolvers<string>>();
  return {
    begun,
    read: (tenantSeq: number | null, name: string) =>
      reads.run(tenantSeq, () => {
        const done = Promise.withResolvers<string>();
        begun.push(name);
        running.set(name, done);
        return done.promise;
      }),
    async answer(name: string) {
      running.get(name)?.resolve(name);
      await nextTurn();
      await nextTurn();
    },
    async fail(name: string) {
      running.get(name)?.reject(new Error(name));
      await nextTurn();
      await nextTurn();
    },
  };
}

test("a few large reads run at once, and the tenants take turns", async () => {
  const { begun, read, answer } = open(2);
  for (const name of ["a1", "a2", "a3", "a4"]) read(1, name);
  read(2, "b1");
  read(null, "c1");
  assert.deepEqual(begun, ["a1", "a2"]);
  for (const name of ["a1", "a2", "a3", "b1", "c1", "a4"]) await answer(name);
  assert.deepEqual(begun, ["a1", "a2", "a3", "b1", "c1", "a4"]);
});

test("the next large read begins one turn after a result, when the result has been rendered", async () => {
  const { begun, read, answer } = open(1);
  const rendered = read(1, "first").then((name) => begun.push(`${name} rendered`));
  read(1, "second");
  await answer("first");
  await rendered;
  assert.deepEqual(begun, ["first", "first rendered", "second"]);
});

test("a large read that fails lets the next one start, and free slots are used again", async () => {
  const { begun, read, answer, fail } = open(1);
  const failing = assert.rejects(read(1, "first"), /first/);
  read(1, "second");
  await fail("first");
  await failing;
  await answer("second");
  read(1, "third");
  read(1, "fourth");
  assert.deepEqual(begun, ["first", "second", "third"]);
});

test("a tenant with too many waiting large reads is refused, and another tenant is not", async () => {
  const { begun, read, answer } = open(1, 2);
  for (const name of ["a1", "a2", "a3"]) read(1, name);
  await assert.rejects(read(1, "a4"), Overloaded);
  read(2, "b1");
  for (const name of ["a1", "a2"]) await answer(name);
  assert.deepEqual(begun, ["a1", "a2", "b1"]);
});

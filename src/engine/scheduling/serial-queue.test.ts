import assert from "node:assert/strict";
import { test } from "node:test";
import { createInTurn } from "./serial-queue.ts";

test("one after the other, also behind one that failed", async () => {
  const turns = createInTurn(10);
  const seen: string[] = [];
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const first = turns.run(async () => {
    await gate;
    seen.push("first");
    throw new Error("no");
  });
  const second = turns.run(async () => seen.push("second"));
  seen.push("asked");
  open();
  await assert.rejects(async () => first);
  assert.equal(await second, 3);
  assert.deepEqual(seen, ["asked", "first", "second"]);
});

test("no more than so many wait, and there is room again when one is done", async () => {
  const turns = createInTurn(2);
  const deed = async () => "done";
  const both = [turns.run(deed), turns.run(deed)];
  assert.equal(turns.run(deed), null);
  assert.deepEqual(await Promise.all(both), ["done", "done"]);
  assert.equal(await turns.run(deed), "done");
});

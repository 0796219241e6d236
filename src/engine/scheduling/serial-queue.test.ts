import assert from "node:assert/strict";
import { test } from "node:test";
import { SerialQueue } from "./serial-queue.ts";

test("tasks run one after the other, even after one that failed", async () => {
  const queue = new SerialQueue(10);
  const seen: string[] = [];
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const first = queue.run(async () => {
    await gate;
    seen.push("first");
    throw new Error("no");
  });
  const second = queue.run(async () => seen.push("second"));
  seen.push("asked");
  open();
  await assert.rejects(async () => first);
  assert.equal(await second, 3);
  assert.deepEqual(seen, ["asked", "first", "second"]);
});

test("a queue refuses a task while too many wait, and takes one again when another is done", async () => {
  const queue = new SerialQueue(2);
  const task = async () => "done";
  const both = [queue.run(task), queue.run(task)];
  assert.equal(queue.run(task), null);
  assert.deepEqual(await Promise.all(both), ["done", "done"]);
  assert.equal(await queue.run(task), "done");
});

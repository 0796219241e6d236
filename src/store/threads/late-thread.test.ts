import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreUnavailable } from "../../domain/errors.ts";
import { LateThread } from "./late-thread.ts";
import type { Thread } from "./thread.ts";

test("a thread that cannot start makes the store unavailable, and is started at the next call", async () => {
  let starts = 0;
  let closes = 0;
  const thread: Thread = {
    writable: true,
    call: async <T>(verb: string) => verb as T,
    async close() {
      closes += 1;
    },
  };
  const late = new LateThread(async () => {
    starts += 1;
    if (starts === 1) throw new Error("Worker initialization failure: EMFILE");
    return thread;
  });
  assert.equal(late.isOpen, false);
  await assert.rejects(Promise.all([late.call("a", []), late.call("b", [])]), StoreUnavailable);
  assert.deepEqual([late.isOpen, starts], [false, 1]);
  assert.deepEqual(await Promise.all([late.call("a", []), late.call("b", [])]), ["a", "b"]);
  assert.deepEqual([late.isOpen, starts], [true, 2]);
  await late.close();
  assert.equal(closes, 1);
  await assert.rejects(late.call("a", []), StoreUnavailable);
});

test("closing a thread that could not start does nothing", async () => {
  const late = new LateThread(() => Promise.reject(new Error("EMFILE")));
  const called = late.call("a", []);
  await late.close();
  await assert.rejects(called, StoreUnavailable);
});

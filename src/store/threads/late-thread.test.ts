import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { StoreUnavailable } from "../../domain/errors.ts";
import { LateThread } from "./late-thread.ts";
import type { CallMessage } from "./messages.ts";
import type { Thread } from "./thread.ts";
import { type Runner, startThread } from "./thread.ts";

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

/** A thread that answers each call with its verb. */
class Echo extends EventEmitter {
  readonly sizes: number[] = [];

  postMessage(message: unknown): void {
    const calls = structuredClone(message) as readonly CallMessage[];
    this.sizes.push(calls.length);
    const replies = calls.map(({ id, verb }) => ({ id, kind: "ok", value: verb }));
    setImmediate(() => this.emit("message", replies));
  }
}

test("calls of one turn travel together, and one that cannot be sent fails alone", async () => {
  const echo = new Echo();
  const starting = startThread(echo as Runner, { onDeath: assert.fail });
  echo.emit("message", { kind: "ready" });
  const thread = await starting;
  assert.deepEqual(await Promise.all(["a", "b"].map((verb) => thread.call(verb, []))), ["a", "b"]);
  assert.deepEqual(echo.sizes, [2]);
  const unsendable = () => undefined;
  const results = await Promise.allSettled([
    thread.call("c", []),
    thread.call("d", [unsendable]),
    thread.call("e", []),
  ]);
  assert.deepEqual(
    results.map((result) => (result.status === "fulfilled" ? result.value : result.reason.name)),
    ["c", "DataCloneError", "e"],
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { whileTelling } from "./progress.ts";

test("a client that waits gets signs of life until the work ends", async () => {
  let due: (() => void) | null = null;
  let told = 0;
  const clock = {
    after(_ms: number, task: () => void) {
      due = task;
      return {
        cancel() {
          due = null;
        },
      };
    },
  };
  const { promise, resolve } = Promise.withResolvers<string>();
  const tell = () => {
    told += 1;
  };
  const waiting = whileTelling(clock, tell, promise);
  for (let times = 0; times < 3; times += 1) (due as (() => void) | null)?.();
  resolve("ended");
  assert.deepEqual([await waiting, told, due], ["ended", 3, null]);
  await assert.rejects(whileTelling(clock, assert.fail, Promise.reject(new Error("gone"))), /gone/);
  assert.equal(due, null);
});

/** The death of the sending thread, as senders and receivers of events see it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { Worker } from "node:worker_threads";
import { createSystemClock } from "../../../src/clock/system.ts";
import { HANDED_OVER_COUNT, INTERNAL_ERROR_RETRY_MS } from "../../../src/domain/limits.ts";
import { startWorker } from "../../../src/sender/thread/thread.ts";
import { assembleServer } from "../../harness/assembled.ts";
import { newDataDir } from "../../harness/child.ts";
import { accept, leaveOpen, startHooks } from "../../harness/hooks.ts";
import { createEndpoint, createEndpoints, numbersOf, publish, publishAll } from "../../harness/scene.ts";

test("attempts of a sending thread that dies are repeated, no endpoint is blamed, and order is kept", async (t) => {
  const system = createSystemClock();
  let aheadMs = 0;
  // Standing time does not cut what starts together into slices, however slow this machine is.
  const clock = { ...system, now: () => system.now() + aheadMs, monotonicMs: () => 0 };
  const threads: { readonly worker: Worker; readonly ready: Promise<unknown> }[] = [];
  const server = await assembleServer(t, {
    dataDir: await newDataDir(t),
    clock,
    startThread(data) {
      const worker = startWorker(data);
      threads.push({ worker, ready: once(worker, "message") });
      return worker;
    },
  });
  const [hooks, ordered] = [await startHooks(t), await startHooks(t)];
  const endpoints = await createEndpoints(server, HANDED_OVER_COUNT, () => ({ url: hooks.url }));
  await createEndpoint(server, { url: ordered.url, ordered: true });
  await publish(server, 0);
  await Promise.all([hooks.nth(HANDED_OVER_COUNT), ordered.nth(1)]);
  await publish(server, 1);
  await Promise.all([hooks.nth(2 * HANDED_OVER_COUNT), ordered.nth(2)]);
  const [thread = assert.fail()] = threads;
  await thread.ready;

  for (const each of [hooks, ordered]) each.react(leaveOpen);
  await publishAll(server, [2, 3]);
  await Promise.all([hooks.nth(4 * HANDED_OVER_COUNT), ordered.nth(3)]);
  for (const each of [hooks, ordered]) each.react(accept);
  await thread.worker.terminate();
  (await ordered.nth(3)).answer(200);
  await ordered.nth(4);
  assert.equal(server.log.match(/"sending_thread_ended"/g)?.length, 1);

  aheadMs += 2 * INTERNAL_ERROR_RETRY_MS;
  await publish(server, 4); // each lane looks what has become due
  await Promise.all([hooks.nth(7 * HANDED_OVER_COUNT), ordered.nth(5)]);
  assert.deepEqual(numbersOf(ordered), [0, 1, 2, 3, 4]);
  const expected = [0, 1, 2, 2, 3, 3, 4].flatMap((n) => Array<number>(HANDED_OVER_COUNT).fill(n));
  assert.deepEqual(numbersOf(hooks).toSorted(), expected);
  for (const endpoint of endpoints) {
    const { text } = await server.request("GET", `/v1/endpoints/${endpoint}`);
    const { status, health } = JSON.parse(text);
    assert.deepEqual([status, health.failure_streak], ["ACTIVE", 0]);
    assert.equal(health.last_failure.classification, "internal_error");
  }
});

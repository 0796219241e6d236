import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { getHeapSpaceStatistics } from "node:v8";
import { Worker } from "node:worker_threads";
import { MB } from "./domain/limits/units.ts";
import { letYoungSpaceGrow, limitHeap } from "./heap.ts";

const THREAD = `
  const { parentPort } = require("node:worker_threads");
  const { getHeapSpaceStatistics } = require("node:v8");
  parentPort.postMessage(getHeapSpaceStatistics());
`;

test("V8 takes space for young objects as each thread needs it", async () => {
  limitHeap();
  const before = youngMb(getHeapSpaceStatistics());
  await underLoad();
  const atStart = youngMb(getHeapSpaceStatistics());
  const ofFirstThread = await youngMbOfThread();
  letYoungSpaceGrow();
  const ofLaterThread = await youngMbOfThread();
  await underLoad();
  const grown = youngMb(getHeapSpaceStatistics());
  assert.ok(atStart <= before, `${before} and then ${atStart} MB`);
  assert.deepEqual({ ofFirstThread, ofLaterThread }, { ofFirstThread: 4, ofLaterThread: 2 });
  assert.ok(grown > atStart, `${grown} MB`);
});

async function youngMbOfThread(): Promise<number> {
  const worker = new Worker(THREAD, { eval: true, resourceLimits: { maxYoungGenerationSizeMb: 12 } });
  const [spaces] = (await once(worker, "message")) as [ReturnType<typeof getHeapSpaceStatistics>];
  await worker.terminate();
  return youngMb(spaces);
}

/** In each turn of the event loop, more objects survive than the smallest space for young ones takes. */
async function underLoad(): Promise<void> {
  const kept: object[][] = [];
  for (let turn = 0; turn < 30; turn += 1) {
    kept[turn % 4] = Array.from({ length: 20_000 }, (_, count) => ({ count }));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function youngMb(spaces: ReturnType<typeof getHeapSpaceStatistics>): number {
  const young = spaces.find(({ space_name }) => space_name === "new_space");
  return Math.round(((young?.space_used_size ?? 0) + (young?.space_available_size ?? 0)) / MB);
}

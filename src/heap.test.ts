import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { getHeapSpaceStatistics } from "node:v8";
import { Worker } from "node:worker_threads";
import { MB } from "./domain/limits/units.ts";
import { letYoungSpaceGrow, limitHeap } from "./heap.ts";

const THREAD = `
  const { parentPort } = require("node:worker_threads");
  const { getHeapSpaceStatistics } = require("node:v8");
  parentPort.postMessage(getHeapSpaceStatistics());
`;

test("the threads that start with the server have more space for young objects than those that start later", async () => {
  limitHeap();
  const first = await youngMbOfThread();
  letYoungSpaceGrow();
  const later = await youngMbOfThread();
  assert.deepEqual({ first, later }, { first: 4, later: 2 });
});

async function youngMbOfThread(): Promise<number> {
  const worker = new Worker(THREAD, { eval: true, resourceLimits: { maxYoungGenerationSizeMb: 12 } });
  const [spaces] = (await once(worker, "message")) as [ReturnType<typeof getHeapSpaceStatistics>];
  await worker.terminate();
  const young = spaces.find(({ space_name }) => space_name === "new_space");
  return Math.round(((young?.space_used_size ?? 0) + (young?.space_available_size ?? 0)) / MB);
}

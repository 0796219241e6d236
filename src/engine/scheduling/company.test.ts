import assert from "node:assert/strict";
import { test } from "node:test";
import { createTimeline } from "../../../test/sim/timeline.ts";
import { COMPANY_WAIT_MS } from "../../domain/limits.ts";
import { Batcher } from "./batcher.ts";
import { Company } from "./company.ts";

/** Half as long as a batch waits: company that comes so often is worth waiting for. */
const OFTEN_MS = COMPANY_WAIT_MS / 2;

function stage() {
  const timeline = createTimeline();
  const after = (ms: number, task: () => void) => timeline.after(ms, task);
  const company = new Company({ monotonicMs: () => timeline.nowMs, after });
  const started: number[] = [];
  return { timeline, company, started, start: () => void started.push(timeline.nowMs) };
}

/** A call of the other verb, which ends at once. */
async function come(company: Company): Promise<void> {
  company.come(Promise.resolve());
  await Promise.resolve();
}

test("a batch waits only for company that is likely to come soon", async () => {
  const { timeline, company, started, start } = stage();
  assert.equal(company.wait(start), false, "nothing came yet");
  await come(company);
  assert.equal(company.wait(start), false, "it came once");
  await timeline.runUntil(OFTEN_MS);
  await come(company);
  assert.equal(company.wait(start), true);
  await timeline.runUntil(2 * OFTEN_MS);
  await come(company);
  assert.deepEqual(started, [2 * OFTEN_MS]);
  await timeline.runUntil(2 * OFTEN_MS + COMPANY_WAIT_MS + 1);
  assert.equal(company.wait(start), false, "it stopped coming");
  assert.equal(started.length, 1);
});

test("a batch does not wait while the other verb is being carried out", async () => {
  const { company, start } = stage();
  await come(company);
  const { promise, resolve } = Promise.withResolvers<void>();
  company.come(promise);
  assert.equal(company.wait(start), false);
  resolve();
  await promise;
  assert.equal(company.wait(start), true);
});

test("each batch waits at most as long as the limit says", async () => {
  const { timeline, company, started, start } = stage();
  await come(company);
  await come(company);
  company.wait(start);
  await timeline.runUntil(OFTEN_MS);
  await come(company);
  company.wait(start);
  await timeline.runUntil(OFTEN_MS + COMPANY_WAIT_MS + 1);
  assert.deepEqual(started, [OFTEN_MS, OFTEN_MS + COMPANY_WAIT_MS]);
});

test("a batcher sends patient elements with the company, and at once when somebody waits", async () => {
  const { company } = stage();
  const calls: (readonly string[])[] = [];
  const batcher = new Batcher<string, null>({
    async carryOut(elements) {
      calls.push(elements);
      return elements.map(() => null);
    },
    rowsMax: 10,
    bytesMax: 10,
    company,
    onFailure: () => Promise.resolve("giveUp"),
  });
  const add = (name: string, isPatient: boolean) => batcher.add(name, { rows: 1, bytes: 1 }, isPatient);
  await come(company);
  await come(company);
  const first = [add("a", true), add("b", true)];
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(calls, []);
  await come(company);
  await Promise.all(first);
  const second = [add("c", true), add("d", false)];
  await Promise.all(second);
  const third = add("e", true);
  await batcher.drained();
  await third;
  assert.deepEqual(calls, [["a", "b"], ["c", "d"], ["e"]]);
});

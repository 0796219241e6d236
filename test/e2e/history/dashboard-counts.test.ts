/** `successCount`, `failureCount` and `lastTriggered` match the attempts in the history, even after a kill -9. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CHILD_KEY, newDataDir, startChild } from "../../harness/child.ts";
import { within } from "../../harness/deadline.ts";
import { startHooks } from "../../harness/hooks.ts";
import type { AnswerBody, Client } from "../../harness/server.ts";
import { followOutcomes } from "../../harness/stream.ts";

const EVENTS = 120;
const TESTS = 8;
const EVENTS_PER_BATCH = 20;
/** The receiver answers every n-th request with 500, at most once per event. The retry follows a second later. */
const FAILS_EVERY = 4;

interface Counted {
  readonly lastTriggered: string | null;
  readonly successCount: number;
  readonly failureCount: number;
}

async function counted(client: Client): Promise<Counted> {
  const answer = await client.request("GET", "/dashboard/webhooks");
  const { webhooks } = answer.body.data as unknown as { webhooks: readonly Counted[] };
  const { lastTriggered, successCount, failureCount } = webhooks[0] ?? assert.fail(answer.text);
  return { lastTriggered, successCount, failureCount };
}

interface Attempt {
  readonly outcome: string;
  readonly started_at: string;
}

/** The same counts, computed from every attempt in the history. The history's times are in whole seconds. */
async function inHistory(client: Client): Promise<Counted> {
  const attempts: Attempt[] = [];
  for (const { id } of await allDeliveries(client)) {
    const delivery = await client.request("GET", `/v1/deliveries/${id}`);
    attempts.push(...(delivery.body.attempts as unknown as readonly Attempt[]));
  }
  const successCount = attempts.filter(({ outcome }) => outcome === "SUCCESS").length;
  const starts = attempts.map((attempt) => attempt.started_at).sort();
  return { lastTriggered: starts.at(-1) ?? null, successCount, failureCount: attempts.length - successCount };
}

async function allDeliveries(client: Client): Promise<AnswerBody[]> {
  const rows: AnswerBody[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const after: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page: AnswerBody = (await client.request("GET", `/v1/deliveries?limit=100${after}`)).body;
    rows.push(...page.results);
    cursor = page.next_cursor;
  }
  return rows;
}

const inSeconds = (counts: Counted): Counted => ({
  ...counts,
  lastTriggered: counts.lastTriggered?.replace(/\.\d{3}Z$/, "Z") ?? null,
});

async function publishBatch(client: Client, from: number): Promise<void> {
  const events = Array.from({ length: EVENTS_PER_BATCH }, (_, index) => ({
    type: "order.paid",
    payload: { n: from + index },
  }));
  await client.request("POST", "/v1/events/batch", { body: { events } });
}

test("counts are correct under load and after a crash", { timeout: 600_000 }, async (t) => {
  const dataDir = await newDataDir(t);
  const hooks = await startHooks(t);
  const failed = new Set<string>();
  hooks.react((hook, count) => {
    const id = hook.headers["webhook-id"] as string;
    const fails = count % FAILS_EVERY === 0 && !failed.has(id);
    if (fails) failed.add(id);
    hook.answer(fails ? 500 : 200);
  });
  let server = await startChild(t, dataDir);
  const made = await server.request("POST", "/v1/endpoints", {
    body: { url: hooks.url, retry_schedule_seconds: [1, 1, 1] },
  });
  const path = `/dashboard/webhooks/${made.body.id}`;

  // Toggles and tests during the load, because each of them changes the row with the counts.
  const load = async (events: number) => {
    const work: Promise<unknown>[] = [];
    for (let from = 0; from < events; from += EVENTS_PER_BATCH) work.push(publishBatch(server, from));
    for (let count = 0; count < TESTS; count += 1) {
      work.push(server.request("POST", `${path}/test`));
      work.push(server.request("POST", `${path}/toggle`, { body: { enabled: true } }));
    }
    await Promise.allSettled(work);
  };
  const settled = async () => {
    const outcomes = await followOutcomes(t, server.url, CHILD_KEY);
    for (;;) {
      const { body } = await server.request("GET", `/v1/endpoints/${made.body.id}`);
      if (body.waiting.count === 0) return outcomes.close();
      await outcomes.next();
    }
  };
  await load(EVENTS);
  const killed = server;
  const amid = hooks.nth(hooks.all.length + EVENTS / 2).then(() => killed.signal("SIGKILL"));
  await load(EVENTS);
  await amid;
  await killed.exited;

  server = await startChild(t, dataDir);
  await within(settled(), "the end of every delivery");
  const counts = await counted(server);
  assert.deepEqual(inSeconds(counts), await inHistory(server));
  // At least every event of the first load succeeded. The receiver may have failed tests as well.
  assert.ok(counts.failureCount > 0 && counts.successCount >= EVENTS, JSON.stringify(counts));
  t.diagnostic(JSON.stringify(counts));
});

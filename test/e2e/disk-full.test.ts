/**
 * A full disk, simulated by SQLite's limit on the file's pages. The server writes nothing by halves, loses nothing, and
 * recovers.
 */
import assert from "node:assert/strict";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { type AssembledServer, assembleServer } from "../harness/assembled.ts";
import { newDataDir } from "../harness/child.ts";
import { leaveOpen, startHooks } from "../harness/hooks.ts";
import { createEndpoint } from "../harness/scene.ts";
import type { Answer } from "../harness/server.ts";
import { followOutcomes } from "../harness/stream.ts";

/** Six megabytes. */
const PAGES_MAX = 1500;
const YEAR_MS = 365 * 86_400_000;
const PADDING = "x".repeat(100_000);

interface Counts {
  readonly events: number;
  readonly deliveries: number;
  readonly keys: number;
}

/** The number of rows in the file, read through a separate connection. */
function countsOf(dataDir: string): Counts {
  const db = new DatabaseSync(path.join(dataDir, "signalbox.db"), { readOnly: true });
  try {
    const count = (table: string) => Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n);
    const days = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'idempotency_*'").all();
    const keys = days.reduce((sum, { name }) => sum + count(String(name)), 0);
    return { events: count("events"), deliveries: count("deliveries"), keys };
  } finally {
    db.close();
  }
}

function publish(server: AssembledServer, fields: object): Promise<Answer> {
  return server.request("POST", "/v1/events", { body: { type: "filler", payload: { padding: PADDING }, ...fields } });
}

/**
 * Publishes until the disk is full, with smaller and smaller events, so that hardly a page is left. Sends several
 * events at once, so that they share a group commit.
 */
async function fill(server: AssembledServer): Promise<{ accepted: number; refused: readonly Answer[] }> {
  let accepted = 0;
  const refused: Answer[] = [];
  for (const chars of [100_000, 10_000, 1000, 10]) {
    for (let full = false; !full; ) {
      const payload = { padding: PADDING.slice(0, chars) };
      const answers = await Promise.all(Array.from({ length: 8 }, () => publish(server, { payload })));
      accepted += answers.filter(({ status }) => status === 202).length;
      const failed = answers.filter(({ status }) => status !== 202);
      refused.push(...failed);
      full = failed.length === answers.length;
    }
  }
  return { accepted, refused };
}

/** Waits until the server is ready. It checks the disk space once a second. */
async function becomesReady(server: AssembledServer): Promise<void> {
  for (let asked = 0; asked < 100_000; asked += 1) {
    if ((await server.request("GET", "/readyz")).status === 200) return;
  }
  assert.fail("the server does not become ready");
}

test("with a full disk the server rejects events completely, loses nothing in flight, and recovers when there is space", async (t) => {
  const dataDir = await newDataDir(t);
  const server = await assembleServer(t, { dataDir, pagesMax: PAGES_MAX });
  const hooks = await startHooks(t);
  hooks.react(leaveOpen);
  await createEndpoint(server, { url: hooks.url, event_types: ["order.*"] });
  const outcomes = await followOutcomes(t, server.url, server.apiKey);
  const onWire = await publish(server, { type: "order.paid", payload: { n: 1 } });
  const hook = await hooks.nth(1);

  const { accepted, refused } = await fill(server);
  assert.ok(accepted > 20, `${accepted} events were accepted before the disk was full`);
  for (const answer of refused) {
    assert.deepEqual([answer.status, answer.code], [503, "STORE_UNAVAILABLE"]);
    assert.match(answer.headers.get("retry-after") ?? "", /^\d+$/);
  }
  assert.equal((await server.request("GET", "/healthz")).status, 200);

  // A rejected event leaves nothing behind: no event, no delivery, no idempotency key.
  const keyed = { type: "order.paid", idempotency_key: "only-once" };
  const readiness = new Set<number>();
  for (let turn = 0; turn < 3; turn += 1) {
    assert.equal((await publish(server, keyed)).status, 503);
    readiness.add((await server.request("GET", "/readyz")).status);
  }
  assert.ok(readiness.has(503), "/readyz reports that the server is not ready");
  assert.deepEqual(countsOf(dataDir), { events: accepted + 1, deliveries: 1, keys: 0 });

  // The receiver answers the attempt in flight while the server cannot write.
  hook.answer(200);
  const readable = await server.request("GET", "/v1/deliveries");
  assert.equal(readable.status, 200, "stored data can be read");

  // Retention frees space: it deletes old events without deliveries.
  const request = { now: server.clock.now() + YEAR_MS, retentionMs: 30 * 86_400_000 };
  for (let more = true; more; ) ({ more } = await server.store.sweep(request));
  const deliveryId = onWire.body.deliveries[0]?.delivery_id ?? "";
  const { row } = await outcomes.until(deliveryId, "DELIVERED");
  assert.equal(row.attempts_count, 1);
  hooks.react((next) => next.answer(200));
  await becomesReady(server);
  const again = await publish(server, keyed);
  assert.deepEqual([again.status, again.body.deliveries[0]?.created], [202, true], again.text);
  await hooks.nth(2);
  assert.equal((await server.request("GET", "/readyz")).status, 200);
  assert.equal(hooks.all.length, 2);
  assert.match(server.log, /store_unavailable/);
  assert.match(server.log, /store_writable_again/);
});

test("events accepted before the disk was full are delivered after a restart with more space", async (t) => {
  const dataDir = await newDataDir(t);
  const hooks = await startHooks(t);
  hooks.react(leaveOpen);
  const cramped = await assembleServer(t, { dataDir, pagesMax: PAGES_MAX });
  await createEndpoint(cramped, { url: hooks.url, max_in_flight: 1 });
  const { accepted } = await fill(cramped);
  const before = countsOf(dataDir);
  assert.deepEqual(before, { events: accepted, deliveries: accepted, keys: 0 });
  const first = await hooks.nth(1);
  hooks.react((hook) => hook.answer(200));
  const stopped = cramped.close();
  first.answer(200);
  await stopped;

  const roomy = await assembleServer(t, { dataDir });
  const distinct = new Set<unknown>();
  for (let count = 1; distinct.size < accepted; count += 1) {
    distinct.add((await hooks.nth(count)).headers["webhook-id"]);
  }
  assert.equal((await publish(roomy, {})).status, 202);
});

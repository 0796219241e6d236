/** Every pause ends exactly once, whatever requests race for it and whatever happens to the server. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { newDataDir, startChild } from "../../harness/child.ts";
import { type Hooks, startHooks } from "../../harness/hooks.ts";
import { startHere } from "../../harness/in-process.ts";
import { type Asked, ask, readPause, respond } from "../../harness/pauses.ts";
import { createEndpoint, stage } from "../../harness/scene.ts";
import type { Answer, Client } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });

interface PauseHook {
  readonly event: string;
  readonly pause_id: string;
  readonly data: { readonly choice: string | null; readonly response_at: string | null };
}

/**
 * The webhooks of each pause, after `count` different ones have arrived. Delivery is at least once: a repeated webhook
 * has the same `webhook-id` and counts once.
 */
async function hooksById(hooks: Hooks, count: number): Promise<Map<string, PauseHook[]>> {
  const distinct = new Map<unknown, PauseHook>();
  for (let n = 1; distinct.size < count; n += 1) {
    const { headers, body } = await hooks.nth(n);
    distinct.set(headers["webhook-id"], JSON.parse(body) as PauseHook);
  }
  for (const { headers, body } of hooks.all) distinct.set(headers["webhook-id"], JSON.parse(body) as PauseHook);
  const byId = new Map<string, PauseHook[]>();
  for (const hook of distinct.values()) byId.set(hook.pause_id, [...(byId.get(hook.pause_id) ?? []), hook]);
  return byId;
}

/** The ending that a response reports, as `status choice` or only the status. */
function endingIn({ status, body, code }: Answer): string {
  if (status === 200) return `${body.status} ${body.response_choice}`;
  if (body.outcome !== undefined) return `${body.outcome.status} ${body.outcome.response_choice}`;
  const endings = { ALREADY_RESPONDED: "responded", ALREADY_TIMED_OUT: "timed_out", ALREADY_CANCELLED: "cancelled" };
  return endings[code as keyof typeof endings] ?? `${status} ${code}`;
}

/** Sends two answers, a cancellation and a read at the same time. Returns the responses. */
function race(client: Client, { id, token }: Asked): Promise<readonly Answer[]> {
  return Promise.all([
    respond(client, token, { choice: "Approve" }),
    client.request("DELETE", `/v1/pause/${id}`),
    respond(client, token, { choice: "Reject" }),
    client.request("GET", `/v1/pause/${id}?wait=60`),
  ]);
}

async function assertOneEnding(client: Client, hooks: Hooks, raced: ReadonlyMap<Asked, readonly Answer[]>) {
  const byId = await hooksById(hooks, raced.size);
  const kinds = new Map<string, number>();
  for (const [{ id }, answers] of raced) {
    const pause = await readPause(client, id);
    const ending = `${pause.status} ${pause.response_choice}`;
    for (const answer of answers) {
      const reported = endingIn(answer);
      assert.ok(
        ending === reported || ending.split(" ")[0] === reported,
        `${id} is ${ending}, but a response said ${reported}`,
      );
    }
    const sent = byId.get(id) ?? [];
    assert.deepEqual(
      sent.map(({ event, data }) => `${event} ${data.choice}`),
      [`pause.${ending}`],
      id,
    );
    kinds.set(pause.status, (kinds.get(pause.status) ?? 0) + 1);
  }
  assert.equal(byId.size, raced.size);
  return kinds;
}

test("when answers and cancellations race for eighty pauses, each gets one ending and one event", async (context) => {
  const { client, hooks } = await stage(context, server, { event_types: ["pause.*"], format: "pausepoint" });
  const raced = new Map<Asked, readonly Answer[]>();
  for (let round = 0; round < 2; round += 1) {
    const asked = await Promise.all(Array.from({ length: 40 }, () => ask(client)));
    const answers = await Promise.all(asked.map((one) => race(client, one)));
    for (const [index, one] of asked.entries()) raced.set(one, answers[index] ?? []);
  }
  const kinds = await assertOneEnding(client, hooks, raced);
  assert.ok([...kinds.keys()].every((kind) => kind === "responded" || kind === "cancelled"));
});

test("at the deadline an answer, a cancellation and the timeout race, and exactly one wins", async (context) => {
  const { client, hooks } = await stage(context, server, { event_types: ["pause.*"], format: "pausepoint" });
  const raced = new Map<Asked, readonly Answer[]>();
  const asked = await Promise.all(Array.from({ length: 100 }, () => ask(client, { expires_in_seconds: 1 })));
  // One after the other, so that some requests arrive before the deadline and some after it.
  const first = asked[0] as Asked;
  const ended = readPause(client, first.id, 60);
  const racing: Promise<void>[] = [];
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const rest = asked.slice(1);
  while (rest.length > 0) {
    const batch = rest.splice(0, over ? 25 : 1);
    racing.push(
      ...batch.map(async (one) => {
        raced.set(one, await race(client, one));
      }),
    );
    await readPause(client, first.id);
  }
  raced.set(first, []);
  await Promise.all([ended, ...racing]);
  const kinds = await assertOneEnding(client, hooks, raced);
  assert.ok((kinds.get("timed_out") ?? 0) >= 1, JSON.stringify([...kinds]));
});

test("a hundred and fifty pauses that expire in the same second all time out, each once", async (context) => {
  const { client, hooks } = await stage(context, server, { event_types: ["pause.*"], format: "pausepoint" });
  const asked: Asked[] = [];
  for (let n = 0; n < 3; n += 1) {
    asked.push(...(await Promise.all(Array.from({ length: 50 }, () => ask(client, { expires_in_seconds: 2 })))));
    await Promise.all(Array.from({ length: 35 }, () => ask(client, { expires_in_seconds: 3600 })));
  }
  const byId = await hooksById(hooks, asked.length);
  assert.ok(asked.every(({ id }) => byId.get(id)?.length === 1));
  assert.equal(byId.size, asked.length);
  const left = await client.request("GET", "/v1/pause?status=pending&limit=100");
  assert.deepEqual([left.body.pauses.length, left.body.has_more], [100, true]);
});

test("pauses survive a kill: those that expired meanwhile time out once, answers are kept, and links still work", async (context) => {
  const hooks = await startHooks(context);
  const dataDir = await newDataDir(context);
  const first = await startChild(context, dataDir);
  await createEndpoint(first, { url: hooks.url, event_types: ["pause.*"], format: "pausepoint" });
  const answered = await ask(first);
  const expiring = await Promise.all(
    Array.from({ length: 50 }, () => ask(first, { expires_in_seconds: 1, timeout_default: "Reject" })),
  );
  const open = await ask(first);
  assert.equal((await respond(first, answered.token, { choice: "Approve" })).status, 200);
  first.signal("SIGKILL");
  await first.exited;
  const second = await startHere(context, dataDir);
  const ended = await Promise.all(expiring.map(({ id }) => readPause(second, id, 60)));
  for (const [index, pause] of ended.entries()) {
    assert.deepEqual([pause.status, pause.response_choice], ["timed_out", "Reject"]);
    assert.equal(pause.response_at, expiring[index]?.created.expires_at);
  }
  assert.equal((await respond(second, answered.token, { choice: "Approve" })).status, 200);
  assert.equal((await respond(second, open.token, { choice: "Reject" })).status, 200);
  await hooks.nth(52);
  // Webhooks that were in flight at the kill are sent again with the same id.
  const events = new Map(hooks.all.map(({ headers, body }) => [headers["webhook-id"], JSON.parse(body) as PauseHook]));
  assert.equal(events.size, 52);
  assert.equal(new Set([...events.values()].map(({ pause_id }) => pause_id)).size, 52);
});

test("a stopping server answers clients that wait for a pause, and they can wait at the next server", async (context) => {
  const dataDir = await newDataDir(context);
  const first = await startChild(context, dataDir);
  const { id, token } = await ask(first);
  const waiting = readPause(first, id, 60);
  // The server answers a request on another connection only after it has read the waiting one.
  await readPause(first, id);
  first.signal("SIGTERM");
  assert.equal((await waiting).status, "pending");
  assert.deepEqual(await first.exited, { code: 0, signal: null });
  const second = await startHere(context, dataDir);
  const again = readPause(second, id, 60);
  await respond(second, token, { choice: "Approve" });
  assert.equal((await again).status, "responded");
});

/**
 * Kills a server that receives webhooks at random moments and restarts it on the same data, while the senders repeat
 * every unanswered request. Every webhook that got a 200 is recorded once, published once and delivered. The moments
 * come from a seed, which the test prints. Set CRASH_SEED to reuse it.
 */
import assert from "node:assert/strict";
import { Agent } from "node:http";
import { type TestContext, test } from "node:test";
import { CHILD_KEY, type ListeningChild, newDataDir, startChild } from "../harness/child.ts";
import { crashRandom, postOrLost } from "../harness/crash.ts";
import { within } from "../harness/deadline.ts";
import { type Hook, type Hooks, startHooks } from "../harness/hooks.ts";
import { createSource, type MadeSource, RECORDS, rowsOf, signatureOf } from "../harness/inbound.ts";
import type { Client } from "../harness/server.ts";
import { followOutcomes } from "../harness/stream.ts";
import type { Random } from "../sim/random.ts";

const KILLS = 3;
const TAKEN_BEFORE_KILL = { min: 30, max: 120 };
const SENDERS = 5;
/** These senders send pause statuses. The others send GitHub webhooks. */
const STATUS_SENDERS: readonly number[] = [0, 2];
/** Each sender numbers its webhooks. Some are sent twice at the same time, and some again after the response. */
const TWICE_EVERY = 7;
const AGAIN_EVERY = 5;

/** One webhook. It is identical each time it is sent. */
interface Webhook {
  /** `n.<sender>.<number>`, which is also the event type. */
  readonly name: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type Make = (name: string) => Webhook;

/** Every third pause status is a change that publishes no event. */
const isUnpublished = (name: string): boolean => Number(name.split(".")[2]) % 3 === 0;

/** Creates pause statuses, each of a different member. */
function statuses({ name: source }: MadeSource, secret?: string): Make {
  return (name) => {
    const status = { old_status: "active", new_status: isUnpublished(name) ? "gone" : "paused" };
    const fields = { source, event_type: name, member_id: name, ...status, changed_at: "2026-03-19T14:29:50Z" };
    const body = JSON.stringify(fields, null, 1);
    return { name, path: RECORDS, headers: { "x-signature": signatureOf(body, secret) }, body };
  };
}

function deliveries({ id }: MadeSource): Make {
  return (name) => {
    const body = `{"name":"${name}", "x": 1.0}`;
    const headers = {
      "x-hub-signature-256": signatureOf(body),
      "x-github-event": name,
      "x-github-delivery": `delivery of ${name}`,
    };
    return { name, path: `/in/${id}`, headers, body };
  };
}

interface Taken {
  readonly status: number;
  readonly ids: string;
  readonly duplicate: boolean;
}

/** Returns null if the server is gone and the result is unknown. */
async function post(agent: Agent, url: string, { path, headers, body }: Webhook): Promise<Taken | null> {
  const answer = await postOrLost(agent, { url: url + path, headers, body });
  if (answer === null) return null;
  const { duplicate = false, ...ids } = JSON.parse(answer.text) as { duplicate?: boolean };
  return { status: answer.status, ids: JSON.stringify(ids), duplicate };
}

interface Sender {
  /** Sends until the server is gone. With `isLast`, sends only the webhooks that have no response yet. */
  run(url: string, isLast?: boolean): Promise<void>;
}

interface Responses {
  /** The content of the first 200, by name. */
  readonly taken: Map<string, string>;
  /** The number of 401s, by name. */
  readonly refused: Map<string, number>;
  onTaken: () => void;
}

function createSender(number: number, make: Make, responses: Responses): Sender {
  let count = 0;
  let pending: Webhook | null = null;
  /** Webhooks that got a 200 without `duplicate`. A second one would mean two records. */
  const fresh = new Set<string>();

  function record({ name }: Webhook, answer: Taken | null, isRepeat: boolean): void {
    if (answer?.status === 401) responses.refused.set(name, (responses.refused.get(name) ?? 0) + 1);
    if (answer?.status !== 200) return;
    assert.equal(
      answer.ids,
      responses.taken.get(name) ?? answer.ids,
      `${name} gets the same response as the first time`,
    );
    if (isRepeat) assert.ok(answer.duplicate, `${name} is a repeat`);
    if (!answer.duplicate) assert.ok(!fresh.has(name), `${name} was taken twice`);
    if (!answer.duplicate) fresh.add(name);
    responses.taken.set(name, answer.ids);
    responses.onTaken();
  }

  return {
    async run(url, isLast = false) {
      const agent = new Agent({ keepAlive: true });
      for (let isGone = false; !isGone && !(isLast && pending === null); ) {
        pending ??= make(`n.${number}.${count++}`);
        const webhook: Webhook = pending;
        const isRepeat = responses.taken.has(webhook.name);
        const times = count % TWICE_EVERY === 0 ? 2 : 1;
        const answers = await Promise.all(Array.from({ length: times }, () => post(agent, url, webhook)));
        for (const answer of answers) record(webhook, answer, isRepeat);
        isGone = answers.includes(null);
        const isDone = answers.every((answer) => answer !== null && answer.status !== 503);
        if (isDone && (count % AGAIN_EVERY !== 0 || isRepeat)) pending = null;
      }
      agent.destroy();
    },
  };
}

/** Kills the server at a 200, which is after a commit, or when a delivery arrives, which is during later work. */
function planKill(server: ListeningChild, hooks: Hooks, responses: Responses, random: Random): void {
  const { min, max } = TAKEN_BEFORE_KILL;
  const more = min + random.below(max - min);
  const kill = () => server.signal("SIGKILL");
  const enough = responses.taken.size + more;
  responses.onTaken = () => {};
  if (random.below(2) === 0) {
    responses.onTaken = () => {
      if (responses.taken.size >= enough) kill();
    };
  } else void hooks.nth(hooks.all.length + Math.ceil(more / 2)).then(kill);
}

/** The ids of a source's records, by event type. */
async function recorded(client: Client, { id }: MadeSource, query: string): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (let page = 1; ; page++) {
    const answer = await client.request("GET", `/v1/sources/${id}/events?${query}&limit=100&page=${page}`);
    const rows = rowsOf(answer);
    for (const { event_type: type, id: each } of rows) {
      found.set(String(type), [...(found.get(String(type)) ?? []), String(each)]);
    }
    if (rows.length === 0) return found;
  }
}

const nameOf = (hook: Hook): string => {
  const { name, member_id: member } = JSON.parse(hook.body) as { name?: string; member_id?: string };
  return name ?? member ?? assert.fail(hook.body);
};

async function everythingSent(t: TestContext, server: ListeningChild, endpointId: string): Promise<void> {
  const outcomes = await followOutcomes(t, server.url, CHILD_KEY);
  for (;;) {
    const { body } = await server.request("GET", `/v1/endpoints/${endpointId}`);
    if (body.waiting.count === 0) return outcomes.close();
    await outcomes.next();
  }
}

/** The ids of the events that the receiver got, by the name of the webhook. */
function idsByName(hooks: Hooks): ReadonlyMap<string, ReadonlySet<string>> {
  const ids = new Map<string, Set<string>>();
  for (const hook of hooks.all) {
    const before = ids.get(nameOf(hook)) ?? new Set();
    ids.set(nameOf(hook), before.add(String(hook.headers["webhook-id"])));
  }
  return ids;
}

function assertRefusedKept(refused: ReadonlyMap<string, readonly string[]>, responses: Responses): void {
  for (const [name, count] of responses.refused) {
    const kept = refused.get(name)?.length ?? 0;
    // A request cut off by a kill may be stored without a response. The forger repeats the same request over several
    // kills.
    assert.ok(
      kept >= count && kept <= count + 2 * KILLS,
      `${name} was rejected ${count} times, but is stored ${kept} times`,
    );
  }
}

test("accepted webhooks are recorded, published and delivered once, whenever the server is killed", {
  timeout: 600_000,
}, async (t) => {
  const random = crashRandom(t);
  const dataDir = await newDataDir(t);
  const hooks = await startHooks(t);
  let server = await startChild(t, dataDir);
  const endpoint = await server.request("POST", "/v1/endpoints", {
    body: { url: hooks.url, retry_schedule_seconds: [1, 1, 1, 1] },
  });
  const members = await createSource(server, { scheme: "jcs" });
  const repositories = await createSource(server, { scheme: "github" });

  const responses: Responses = { taken: new Map(), refused: new Map(), onTaken: () => {} };
  const [status, delivery, forged] = [statuses(members), deliveries(repositories), statuses(members, "another secret")];
  const senders = Array.from({ length: SENDERS }, (_, number) =>
    createSender(number, STATUS_SENDERS.includes(number) ? status : delivery, responses),
  );
  const forger = createSender(SENDERS, forged, responses);
  for (let kill = 0; kill < KILLS; kill++) {
    planKill(server, hooks, responses, random);
    await Promise.all([...senders, forger].map((sender) => sender.run(server.url)));
    await server.exited;
    server = await startChild(t, dataDir);
  }
  await Promise.all(senders.map((sender) => sender.run(server.url, true)));
  await within(everythingSent(t, server, endpoint.body.id), "every delivery's end");

  const valid = new Map([
    ...(await recorded(server, members, "kind=pause_status&valid=true")),
    ...(await recorded(server, repositories, "kind=webhook&valid=true")),
  ]);
  const sent = idsByName(hooks);
  assert.deepEqual(
    [...valid.keys()].sort(),
    [...responses.taken.keys()].sort(),
    "exactly the webhooks that got a 200 are recorded",
  );
  for (const [name, [id = "", ...more]] of valid) {
    assert.deepEqual(more, [], `${name} is recorded more than once`);
    assert.ok(
      responses.taken.get(name)?.includes(id),
      `the 200 for ${name} said ${responses.taken.get(name)}, but its id is ${id}`,
    );
    const isStatus = STATUS_SENDERS.includes(Number(name.split(".")[1]));
    const path = isStatus ? `${RECORDS}/${id}` : `/v1/sources/${repositories.id}/events/${id}`;
    const { event_ids: eventIds } = (await server.request("GET", path)).body;
    assert.equal(
      eventIds.length,
      isStatus && isUnpublished(name) ? 0 : 1,
      `${name} is published ${eventIds.length} times`,
    );
    assert.deepEqual([...(sent.get(name) ?? [])], eventIds, `${name} at its receiver`);
  }
  assert.deepEqual([...new Set(sent.keys()).difference(valid)], []);

  const refused = await recorded(server, members, "kind=pause_status&valid=false");
  assertRefusedKept(refused, responses);
  t.diagnostic(`${valid.size} taken, ${refused.size} refused, ${hooks.all.length} deliveries, ${KILLS} kills`);
});

/**
 * Kills a server under load at random moments and restarts it on the same data. Every event that was accepted with a
 * 202 reaches every endpoint that it matches. The moments come from a seed, which the test prints. Set CRASH_SEED to
 * reuse it.
 */
import assert from "node:assert/strict";
import { Agent } from "node:http";
import { type TestContext, test } from "node:test";
import { CHILD_KEY, type ListeningChild, newDataDir, startChild } from "../harness/child.ts";
import { crashRandom, postOrLost } from "../harness/crash.ts";
import { within } from "../harness/deadline.ts";
import { type Hook, type Hooks, startHooks } from "../harness/hooks.ts";

const KILLS = 4;
const PUBLISHERS = 6;
/** Enough events that a kill hits a server at work, and few enough that the test stays short. */
const EVENTS_BEFORE_KILL = { min: 20, max: 150 };
/**
 * Each publisher numbers its events. The receivers answer every n-th of them with 500 the first time, then with 200.
 */
const FAILS_EVERY = 3;
const ORDERED_FAILS_EVERY = 100;

interface Accepted {
  readonly eventId: string;
  /** `publisher/number`. The first publisher's events go to the ordered endpoint. */
  readonly name: string;
}

const nameOf = (hook: Hook): string => (JSON.parse(hook.body) as { name: string }).name;
const numberOf = (name: string): number => Number(name.split("/")[1]);

/** Clients that publish as fast as the server answers, until the server is gone. */
function publishers(accepted: Accepted[], onAccepted: () => void) {
  const numbers = Array.from({ length: PUBLISHERS }, () => 0);

  async function publish(agent: Agent, url: string, type: string, name: string): Promise<string | null> {
    const body = JSON.stringify({ type, payload: { name, padding: "x".repeat(200) } });
    const headers = { authorization: `Bearer ${CHILD_KEY}`, "content-type": "application/json" };
    const answer = await postOrLost(agent, { url: `${url}/v1/events`, headers, body });
    return answer?.status === 202 ? (JSON.parse(answer.text).event_id as string) : null;
  }

  return async (url: string): Promise<void> => {
    const agent = new Agent({ keepAlive: true });
    const loop = async (publisher: number) => {
      const type = publisher === 0 ? "ordered.step" : "other.step";
      for (;;) {
        const name = `${publisher}/${numbers[publisher]}`;
        numbers[publisher] = (numbers[publisher] ?? 0) + 1;
        const eventId = await publish(agent, url, type, name);
        if (eventId === null) return;
        accepted.push({ eventId, name });
        onAccepted();
      }
    };
    await Promise.all(numbers.map((_, publisher) => loop(publisher)));
    agent.destroy();
  };
}

interface Receivers {
  readonly steady: Hooks;
  readonly failing: Hooks;
  readonly ordered: Hooks;
  readonly held: Hooks;
}

async function createEndpoint(server: ListeningChild, fields: object): Promise<string> {
  const made = await server.request("POST", "/v1/endpoints", { body: fields });
  assert.equal(made.status, 201, made.text);
  return made.body.id;
}

/** Answers the first request of each matching event with 500, and all other requests with 200. */
function failFirst(hooks: Hooks, fails: (number: number) => boolean): void {
  const seen = new Set<string>();
  hooks.react((hook) => {
    const name = nameOf(hook);
    hook.answer(fails(numberOf(name)) && !seen.has(name) ? 500 : 200);
    seen.add(name);
  });
}

/** Resolves when the receiver has received all of these events. */
async function receivedAll(hooks: Hooks, names: Iterable<string>): Promise<void> {
  const missing = new Set(names);
  for (let count = 1; missing.size > 0; count += 1) {
    missing.delete(nameOf(await hooks.nth(count)));
  }
}

async function startReceivers(t: TestContext): Promise<Receivers> {
  const receivers: Receivers = {
    steady: await startHooks(t),
    failing: await startHooks(t),
    ordered: await startHooks(t),
    held: await startHooks(t),
  };
  failFirst(receivers.failing, (number) => number % FAILS_EVERY === 0);
  failFirst(receivers.ordered, (number) => number % ORDERED_FAILS_EVERY === 10);
  return receivers;
}

type EndpointIds = Readonly<Record<keyof Receivers, string>>;

async function createEndpoints(
  server: ListeningChild,
  { steady, failing, ordered, held }: Receivers,
): Promise<EndpointIds> {
  const retries = { retry_schedule_seconds: [1, 1, 1, 1] };
  const others = { event_types: ["other.*"], ...retries };
  const ids = {
    steady: await createEndpoint(server, { url: steady.url, ...others }),
    failing: await createEndpoint(server, { url: failing.url, ...others }),
    ordered: await createEndpoint(server, { url: ordered.url, event_types: ["ordered.*"], ordered: true, ...retries }),
    held: await createEndpoint(server, { url: held.url }),
  };
  await server.request("PATCH", `/v1/endpoints/${ids.held}`, { body: { status: "PAUSED" } });
  return ids;
}

/** Every accepted event is in the history, with a delivery for every endpoint that it matched. */
async function assertKept(server: ListeningChild, accepted: readonly Accepted[], ids: EndpointIds): Promise<void> {
  for (const { eventId, name } of accepted) {
    const event = await server.request("GET", `/v1/events/${eventId}`);
    assert.equal(event.status, 200, `${name} is not in the history`);
    const matched = name.startsWith("0/") ? [ids.ordered, ids.held] : [ids.steady, ids.failing, ids.held];
    assert.deepEqual(event.body.deliveries.map((row) => row.endpoint_id).sort(), matched.sort());
    const ended = event.body.deliveries.filter((row) => ["FAILED", "EXPIRED", "CANCELLED"].includes(row.status));
    assert.deepEqual(ended, [], "none of its deliveries was given up");
    const held = event.body.deliveries.find((row) => row.endpoint_id === ids.held);
    assert.equal(held?.status, "HELD");
  }
}

/** Repeats carry the same webhook-id. There is one per event, at all receivers: the one in the 202. */
function assertOneIdPerEvent(accepted: readonly Accepted[], requests: readonly Hook[]): void {
  const idOf = new Map(accepted.map(({ eventId, name }) => [name, eventId]));
  for (const hook of requests) {
    const name = nameOf(hook);
    const id = hook.headers["webhook-id"] as string;
    assert.equal(id, idOf.get(name) ?? id, name);
    idOf.set(name, id);
  }
  assert.equal(new Set(idOf.values()).size, idOf.size);
}

/** The ordered endpoint received no event before an earlier one. */
function assertOrdered(ordered: Hooks): void {
  const firstSeen = [...new Set(ordered.all.map((hook) => numberOf(nameOf(hook))))];
  assert.deepEqual(
    firstSeen,
    firstSeen.toSorted((a, b) => a - b),
  );
}

test("no accepted event is lost, whenever the server is killed", { timeout: 600_000 }, async (t) => {
  const random = crashRandom(t);
  const dataDir = await newDataDir(t);
  const receivers = await startReceivers(t);
  let server = await startChild(t, dataDir);
  const ids = await createEndpoints(server, receivers);

  const accepted: Accepted[] = [];
  let onAccepted = () => {};
  const publish = publishers(accepted, () => onAccepted());
  for (let kill = 0; kill < KILLS; kill += 1) {
    // Kill either at a 202, which is just after a commit, or when a request arrives, which is during an attempt.
    const { min, max } = EVENTS_BEFORE_KILL;
    const enough = accepted.length + min + random.below(max - min);
    const killed = server;
    const doKill = () => killed.signal("SIGKILL");
    if (random.below(2) === 0) {
      onAccepted = () => {
        if (accepted.length >= enough) doKill();
      };
    } else {
      const arriving = receivers.steady.all.length + min + random.below(max - min);
      void receivers.steady.nth(arriving).then(doKill);
    }
    await publish(killed.url);
    await killed.exited;
    onAccepted = () => {};
    server = await startChild(t, dataDir);
  }

  t.diagnostic(`${accepted.length} events accepted`);
  const names = (type: "other" | "ordered") =>
    new Set(accepted.map(({ name }) => name).filter((name) => name.startsWith("0/") === (type === "ordered")));

  await assertKept(server, accepted, ids);
  assert.equal(receivers.held.all.length, 0, "nothing was sent while held");

  await server.request("PATCH", `/v1/endpoints/${ids.held}`, { body: { status: "ACTIVE" } });
  await within(
    Promise.all([
      receivedAll(receivers.steady, names("other")),
      receivedAll(receivers.failing, names("other")),
      receivedAll(receivers.ordered, names("ordered")),
      receivedAll(receivers.held, [...names("other"), ...names("ordered")]),
    ]),
    "every accepted event at every receiver",
  );

  const requests = Object.values(receivers).flatMap((hooks: Hooks) => hooks.all);
  assertOneIdPerEvent(accepted, requests);
  assertOrdered(receivers.ordered);
  t.diagnostic(`${requests.length} requests, ${KILLS} kills`);
});

/**
 * `npm run demo`: a server with temporary data, a receiver and an endpoint. Events flow, one fails and is retried, the
 * endpoint is paused and resumed; then an agent asks a person, who decides. Each step is printed as it happens; then
 * everything is cleaned up.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Delivery, Signalbox } from "../packages/sdk/src/index.ts";
import { aPersonDecides } from "./demo/pause.ts";
import {
  expect,
  Inbox,
  SECRET,
  type Stage,
  say,
  startReceiver,
  startServer,
  stopReceiver,
  stopServer,
} from "./demo/stage.ts";

const DEADLINE_MS = 18_000;

// ── The steps ───────────────────────────────────────────────────────────────────────────────────────────────────────

async function eventsFlow({ signalbox, receiver, outcomes }: Stage): Promise<void> {
  for (const order of [1, 2, 3]) {
    const { event_id } = await signalbox.events.publish({ type: "order.created", payload: { order } });
    say(`published order.created ${order}: 202, on disk as ${event_id}`);
    const arrival = await receiver.arrivals.next();
    say(`          received ${arrival.type} ${arrival.data.order}, its signature is good`);
    expect(arrival.id === event_id, "the webhook-id is the event's id");
    await outcomes.next();
  }
}

async function oneIsRetried({ signalbox, receiver, outcomes }: Stage): Promise<void> {
  receiver.failOnce();
  await signalbox.events.publish({ type: "order.paid", payload: { order: 1 } });
  say("published order.paid 1, and the receiver is having a bad moment");
  const first = await receiver.arrivals.next();
  say(`          received ${first.type} ${first.data.order}, and answered ${first.answered}`);
  const waiting = await outcomes.next();
  say(`          the delivery is ${waiting.status}, next attempt at ${waiting.next_attempt_at}`);
  const second = await receiver.arrivals.next();
  say(`          received ${second.type} ${second.data.order} again, under the same webhook-id`);
  expect(second.id === first.id, "a retry has the same webhook-id");
  const ended = await outcomes.next();
  const { attempts } = await signalbox.deliveries.get(ended.id);
  const story = attempts.map((attempt) => `${attempt.attempt_number}: HTTP ${attempt.http_status}`).join(", ");
  say(`          the delivery is ${ended.status}; attempts in its history: ${story}`);
  expect(ended.status === "DELIVERED" && attempts.length === 2, "the second attempt delivers");
}

async function pausedAndResumed({ signalbox, receiver, outcomes }: Stage, endpointId: string): Promise<void> {
  await signalbox.endpoints.update(endpointId, { status: "PAUSED" });
  say("paused    the endpoint");
  for (const order of [4, 5, 6]) {
    await signalbox.events.publish({ type: "order.created", payload: { order } });
    say(`published order.created ${order}`);
  }
  const held = await signalbox.deliveries.list({ status: "HELD" });
  say(`          ${held.results.length} deliveries are HELD, and nothing is sent`);
  expect(held.results.length === 3, "three deliveries are held");
  await signalbox.endpoints.update(endpointId, { status: "ACTIVE" });
  say("resumed   the endpoint");
  for (const order of [4, 5, 6]) {
    const arrival = await receiver.arrivals.next();
    say(`          received ${arrival.type} ${arrival.data.order}`);
    expect(arrival.data.order === order, "held events arrive in their order");
    await outcomes.next();
  }
}

async function demonstrate(stage: Stage): Promise<void> {
  const { signalbox, receiver } = stage;
  const endpoint = await signalbox.endpoints.create({
    url: `${receiver.url}/orders`,
    event_types: ["order.*"],
    secret: SECRET,
    format: "standard",
    ordered: true,
    retry_schedule_seconds: [1],
  });
  say(`registered ${endpoint.url} as ${endpoint.id}`);
  await eventsFlow(stage);
  await oneIsRetried(stage);
  await pausedAndResumed(stage, endpoint.id);
  await aPersonDecides(stage);
  const healths = await signalbox.analytics.endpointHealth({ hours: 1 });
  const sum = (count: "delivered" | "total") => healths.reduce((before, health) => before + health[count], 0);
  say(`in all    ${sum("delivered")} of ${sum("total")} deliveries delivered`);
}

async function follow(stream: ReturnType<Signalbox["stream"]>, outcomes: Inbox<Delivery>): Promise<void> {
  for await (const { data } of stream) outcomes.put(data);
}

// ── The whole ───────────────────────────────────────────────────────────────────────────────────────────────────────

async function main(): Promise<void> {
  await using cleanup = new AsyncDisposableStack();
  const { promise: failure, reject: fail } = Promise.withResolvers<never>();
  failure.catch(() => {}); // it may come before the race, or after it
  const deadline = setTimeout(() => fail(new Error(`not done after ${DEADLINE_MS / 1000} s`)), DEADLINE_MS);
  cleanup.defer(() => clearTimeout(deadline));
  process.once("SIGINT", () => fail(new Error("interrupted")));

  const dataDir = cleanup.adopt(await mkdtemp(path.join(tmpdir(), "signalbox-demo-")), (folder) =>
    rm(folder, { recursive: true, force: true }),
  );
  const receiver = cleanup.adopt(await startReceiver(fail), stopReceiver);
  const server = cleanup.adopt(await startServer(dataDir), stopServer);
  server.process.once("exit", () => fail(new Error("the server ended")));
  say(`started   a server on ${server.url}, its data in ${dataDir}`);

  const signalbox = new Signalbox({ url: server.url, apiKey: server.apiKey });
  const stop = new AbortController();
  cleanup.defer(() => stop.abort());
  const outcomes = new Inbox<Delivery>();
  // From the very first outcome, so that none is missed before the stream is open.
  follow(signalbox.stream({ lastEventId: "0", signal: stop.signal }), outcomes).catch(fail);
  await Promise.race([demonstrate({ signalbox, receiver, outcomes }), failure]);
}

try {
  await main();
  say("stopped   the server, and removed its data");
} catch (error) {
  process.stderr.write(`the demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

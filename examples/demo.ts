/**
 * `npm run demo`: starts a server with temporary data, a receiver and an endpoint. It publishes events, retries one that
 * fails, and pauses and resumes the endpoint. Then an agent asks a person, who decides. The demo prints each step as it
 * happens, and removes its data at the end.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Delivery, Signalbox } from "../packages/sdk/src/index.ts";
import { askPerson } from "./demo/pause.ts";
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

async function publishEvents({ signalbox, receiver, outcomes }: Stage): Promise<void> {
  for (const order of [1, 2, 3]) {
    const { event_id } = await signalbox.events.publish({ type: "order.created", payload: { order } });
    say(`published order.created ${order}: 202, on disk as ${event_id}`);
    const arrival = await receiver.arrivals.next();
    say(`          received ${arrival.type} ${arrival.data.order} with a valid signature`);
    expect(arrival.id === event_id, "the webhook-id should be the event's id");
    await outcomes.next();
  }
}

async function retryFailed({ signalbox, receiver, outcomes }: Stage): Promise<void> {
  receiver.failOnce();
  await signalbox.events.publish({ type: "order.paid", payload: { order: 1 } });
  say("published order.paid 1, for which the receiver answers 503 once");
  const first = await receiver.arrivals.next();
  say(`          received ${first.type} ${first.data.order}, and answered ${first.answered}`);
  const waiting = await outcomes.next();
  say(`          the delivery is ${waiting.status}, next attempt at ${waiting.next_attempt_at}`);
  const second = await receiver.arrivals.next();
  say(`          received ${second.type} ${second.data.order} again, under the same webhook-id`);
  expect(second.id === first.id, "a retry should have the same webhook-id");
  const ended = await outcomes.next();
  const { attempts } = await signalbox.deliveries.get(ended.id);
  const story = attempts.map((attempt) => `${attempt.attempt_number}: HTTP ${attempt.http_status}`).join(", ");
  say(`          the delivery is ${ended.status}; attempts in its history: ${story}`);
  expect(ended.status === "DELIVERED" && attempts.length === 2, "the second attempt should deliver");
}

async function pauseAndResume({ signalbox, receiver, outcomes }: Stage, endpointId: string): Promise<void> {
  await signalbox.endpoints.update(endpointId, { status: "PAUSED" });
  say("paused    the endpoint");
  for (const order of [4, 5, 6]) {
    await signalbox.events.publish({ type: "order.created", payload: { order } });
    say(`published order.created ${order}`);
  }
  const held = await signalbox.deliveries.list({ status: "HELD" });
  say(`          ${held.results.length} deliveries are HELD; the server sends nothing`);
  expect(held.results.length === 3, "three deliveries should be held");
  await signalbox.endpoints.update(endpointId, { status: "ACTIVE" });
  say("resumed   the endpoint");
  for (const order of [4, 5, 6]) {
    const arrival = await receiver.arrivals.next();
    say(`          received ${arrival.type} ${arrival.data.order}`);
    expect(arrival.data.order === order, "held events should arrive in the order in which they were published");
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
  await publishEvents(stage);
  await retryFailed(stage);
  await pauseAndResume(stage, endpoint.id);
  await askPerson(stage);
  const healths = await signalbox.analytics.endpointHealth({ hours: 1 });
  const sum = (count: "delivered" | "total") => healths.reduce((before, health) => before + health[count], 0);
  say(`total     ${sum("delivered")} of ${sum("total")} deliveries delivered`);
}

async function follow(stream: ReturnType<Signalbox["stream"]>, outcomes: Inbox<Delivery>): Promise<void> {
  for await (const { data } of stream) outcomes.put(data);
}

// ── The demo ────────────────────────────────────────────────────────────────────────────────────────────────────────

async function main(): Promise<void> {
  await using cleanup = new AsyncDisposableStack();
  const { promise: failure, reject: fail } = Promise.withResolvers<never>();
  failure.catch(() => {}); // a failure before or after the race below must not be an unhandled rejection
  const deadline = setTimeout(() => fail(new Error(`timed out after ${DEADLINE_MS / 1000} s`)), DEADLINE_MS);
  cleanup.defer(() => clearTimeout(deadline));
  process.once("SIGINT", () => fail(new Error("interrupted")));

  const dataDir = cleanup.adopt(await mkdtemp(path.join(tmpdir(), "signalbox-demo-")), (folder) =>
    rm(folder, { recursive: true, force: true }),
  );
  const receiver = cleanup.adopt(await startReceiver(fail), stopReceiver);
  const server = cleanup.adopt(await startServer(dataDir), stopServer);
  server.process.once("exit", () => fail(new Error("the server ended")));
  say(`started   a server on ${server.url}, with its data in ${dataDir}`);

  const signalbox = new Signalbox({ url: server.url, apiKey: server.apiKey });
  const stop = new AbortController();
  cleanup.defer(() => stop.abort());
  const outcomes = new Inbox<Delivery>();
  // Start from the oldest outcome, so that the stream misses none that comes before it is open.
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

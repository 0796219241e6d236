/**
 * `npm run demo`: a server with temporary data, a receiver and an endpoint. Events flow, one fails and is retried, the
 * endpoint is paused and resumed. Each step is printed as it happens; then everything is cleaned up.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { buffer } from "node:stream/consumers";
import { type Delivery, Signalbox, verify } from "../packages/sdk/src/index.ts";

const DEADLINE_MS = 18_000;
const startedMs = performance.now();

function say(line: string): void {
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(2);
  process.stdout.write(`${seconds.padStart(6)} s  ${line}\n`);
}

/** What arrives, in order, for whoever waits for it. */
class Inbox<T> {
  readonly #arrived: T[] = [];
  readonly #waiting: ((item: T) => void)[] = [];

  put(item: T): void {
    const taker = this.#waiting.shift();
    if (taker === undefined) this.#arrived.push(item);
    else taker(item);
  }

  next(): Promise<T> {
    const item = this.#arrived.shift();
    return item === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(item);
  }
}

// ── The server ──────────────────────────────────────────────────────────────────────────────────────────────────────

interface RunningServer {
  readonly url: string;
  readonly apiKey: string;
  readonly process: ChildProcess;
}

async function startServer(dataDir: string): Promise<RunningServer> {
  const apiKey = `sb_live_${randomBytes(24).toString("hex")}`;
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "../src/main.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      PATH: process.env.PATH,
      PORT: "0",
      LOG_LEVEL: "silent",
      SIGNALBOX_DATA_DIR: dataDir,
      SIGNALBOX_API_KEY: apiKey,
      SIGNALBOX_ALLOW_HTTP: "true",
      SIGNALBOX_ALLOW_NETWORKS: "127.0.0.0/8",
    },
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /listens on (http:\S+)$/.exec(line)?.[1];
    if (url === undefined) continue;
    child.stdout.resume();
    return { url, apiKey, process: child };
  }
  throw new Error("the server ended before it listened");
}

async function stopServer(server: RunningServer): Promise<void> {
  if (server.process.exitCode !== null) return;
  server.process.kill("SIGTERM");
  await once(server.process, "exit");
}

// ── The receiver ────────────────────────────────────────────────────────────────────────────────────────────────────

interface Arrival {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly order?: number };
  readonly answered: number;
}

interface Receiver {
  readonly url: string;
  readonly server: Server;
  readonly arrivals: Inbox<Arrival>;
  /** Answer the next request 503. */
  failOnce(): void;
}

const SECRET = `whsec_${randomBytes(32).toString("base64")}`;

async function startReceiver(onForged: (error: unknown) => void): Promise<Receiver> {
  const arrivals = new Inbox<Arrival>();
  let failing = false;
  const server = createServer(async (request, response) => {
    try {
      const body = await buffer(request);
      const event = await verify<Arrival["data"]>({
        body,
        headers: request.headers,
        secret: SECRET,
        scheme: "standard",
      });
      const answered = failing ? 503 : 204;
      failing = false;
      response.writeHead(answered).end();
      arrivals.put({ id: event.id ?? "", type: event.type ?? "", data: event.data, answered });
    } catch (error) {
      response.writeHead(401).end();
      onForged(error);
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/orders`;
  const failOnce = () => {
    failing = true;
  };
  return { url, server, arrivals, failOnce };
}

function stopReceiver({ server }: Receiver): void {
  server.close();
  server.closeAllConnections();
}

// ── The steps ───────────────────────────────────────────────────────────────────────────────────────────────────────

interface Stage {
  readonly signalbox: Signalbox;
  readonly receiver: Receiver;
  /** Every outcome of an attempt, as the server tells it. */
  readonly outcomes: Inbox<Delivery>;
}

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
    url: receiver.url,
    secret: SECRET,
    format: "standard",
    ordered: true,
    retry_schedule_seconds: [1],
  });
  say(`registered ${endpoint.url} as ${endpoint.id}`);
  await eventsFlow(stage);
  await oneIsRetried(stage);
  await pausedAndResumed(stage, endpoint.id);
  const [health] = await signalbox.analytics.endpointHealth({ hours: 1 });
  say(`in all    ${health?.delivered} of ${health?.total} deliveries delivered`);
}

async function follow(stream: ReturnType<Signalbox["stream"]>, outcomes: Inbox<Delivery>): Promise<void> {
  for await (const { data } of stream) outcomes.put(data);
}

function expect(condition: boolean, what: string): void {
  if (!condition) throw new Error(`not so: ${what}`);
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

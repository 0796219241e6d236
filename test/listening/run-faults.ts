/**
 * `npm run faults:listen`: a program listens while events are published, and the
 * server, the program and the network between them fail. Every accepted event arrives, always with its own `webhook-id`.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";
// tidy-allow timer: how long a fault lasts, and the pace of the load
import { setTimeout as sleep } from "node:timers/promises";
import { type ListeningChild, newDataDir, startChild } from "../harness/child.ts";
import { polled } from "../harness/deadline.ts";

const PROGRAM = path.join(import.meta.dirname, "reading-program.ts");
/** A reader that sleeps for longer has lost its attempts. */
const TIMEOUT_SECONDS = 1;
const ASLEEP_MS = 4000;
const CUT_EVERY_MS = 700;
const PAUSE_MS = 10;

const ends: (() => unknown)[] = [];
const scope = { after: (end: () => unknown) => void ends.push(end) };
const dataDir = await newDataDir(scope);
let server: ListeningChild = await startChild(scope, dataDir);
const port = new URL(server.url).port;
const settings = { timeout_seconds: TIMEOUT_SECONDS, retry_schedule_seconds: [1, 1, 1, 1, 1, 1, 1, 1] };
const made = await server.request("POST", "/v1/listeners", { body: { name: "faults", ...settings } });
const listener = made.body.id;

/** The number of each accepted event, by its id. */
const accepted = new Map<string, number>();
/** How often each event has arrived. */
const arrived = new Map<string, number>();
let isPublishing = true;

async function publish(): Promise<void> {
  for (let n = 0; isPublishing; n += 1) {
    const body = { type: "fault.tried", payload: { n } };
    const answer = await server.request("POST", "/v1/events", { body }).catch(() => null);
    if (answer?.status === 202) accepted.set(answer.body.event_id, n);
    await sleep(PAUSE_MS);
  }
}

function startReader(name: string, at: string, takeover = "") {
  const child = spawn(process.execPath, [PROGRAM, at, listener, name, takeover], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  scope.after(() => child.kill("SIGKILL"));
  const said: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    said.push(line);
    const [, id, body] = /^got (\S+) (.*)$/.exec(line) ?? [];
    if (id === undefined) return;
    arrived.set(id, (arrived.get(id) ?? 0) + 1);
    const number = accepted.get(id);
    if (number !== undefined) assert.ok(body?.includes(`"n":${number}}`), `${id} has the payload of event ${number}`);
  });
  const says = (start: string) =>
    polled(async () => said.find((line) => line.startsWith(start)) ?? null, `${name} says ${start}`);
  return { child, says, said };
}

/** A proxy that cuts every connection again and again. */
async function startCuttingProxy() {
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const upstream = connect(Number(port), "127.0.0.1");
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket
        .on("error", () => other.destroy())
        .on("close", () => {
          sockets.delete(socket);
          other.destroy();
        });
      socket.pipe(other);
    }
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  // tidy-allow timer: the fault
  const timer = setInterval(() => {
    for (const socket of sockets) socket.destroy();
  }, CUT_EVERY_MS);
  scope.after(() => {
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}

/** Resolves when everything that was accepted until now has arrived. */
async function caughtUp(after: string): Promise<void> {
  const expected = [...accepted.keys()];
  const lost = () => expected.filter((id) => !arrived.has(id));
  await polled(async () => (lost().length === 0 ? true : null), `${after}: all ${expected.length} events`).catch(
    (error) => {
      throw new Error(`${after}: ${lost().length} of ${expected.length} events did not arrive`, { cause: error });
    },
  );
  const repeats = [...arrived.values()].reduce((sum, times) => sum + times - 1, 0);
  process.stdout.write(`${after}: ${expected.length} events, ${repeats} repeats so far\n`);
}

async function killReader() {
  const first = startReader("ada@laptop", server.url);
  await first.says("got");
  first.child.kill("SIGKILL");
  await once(first.child, "close");
  // A new process has another session: it gets in when the server has seen the end of the first.
  const next = startReader("ada@laptop", server.url, "takeover");
  await next.says("got");
  await caughtUp("kill -9 of the program");
  return next;
}

async function suspend({ child }: ReturnType<typeof startReader>): Promise<void> {
  child.kill("SIGSTOP");
  await sleep(ASLEEP_MS);
  child.kill("SIGCONT");
  await caughtUp("a program asleep beyond its deadlines");
}

async function killServer(): Promise<void> {
  server.signal("SIGKILL");
  await server.exited;
  server = await startChild(scope, dataDir, { PORT: port });
  await caughtUp("kill -9 of the server");
}

async function takeOver(first: ReturnType<typeof startReader>): Promise<ReturnType<typeof startReader>> {
  const refused = startReader("cyd@attic", server.url);
  await refused.says("ended LISTENER_BUSY");
  const racers = ["bob@desk", "eve@sofa"].map((name) => startReader(name, server.url, "takeover"));
  await first.says("ended displaced");
  await Promise.all(racers.map(({ says }) => says("connected")));
  const displaced = await Promise.any(racers.map(async (racer) => (await racer.says("ended displaced")) && racer));
  await caughtUp("two programs that take over");
  const winner = racers.find((racer) => racer !== displaced);
  assert.ok(winner?.said.every((line) => !line.startsWith("ended")));
  return winner as ReturnType<typeof startReader>;
}

try {
  const publishing = publish();
  const second = await killReader();
  await suspend(second);
  await killServer();
  const winner = await takeOver(second);
  const cut = startReader("dan@train", await startCuttingProxy(), "takeover");
  await winner.says("ended displaced");
  await sleep(10 * CUT_EVERY_MS);
  await caughtUp("a proxy that cuts every connection");
  isPublishing = false;
  await publishing;
  await caughtUp("at the end");
  const unknown = [...arrived.keys()].filter((id) => !accepted.has(id)).length;
  process.stdout.write(`${unknown} events arrived whose publisher got no response\n`);
  assert.ok(cut.said.filter((line) => line === "connected").length > 2);
} finally {
  isPublishing = false;
  for (const end of ends.splice(0).reverse()) await end();
}

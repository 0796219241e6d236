/** What the demo runs on: its own server with temporary data, a receiver, and output with timestamps. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";
import { buffer } from "node:stream/consumers";
import { type Delivery, type JsonObject, type Signalbox, verify } from "../../packages/sdk/src/index.ts";

const startedMs = performance.now();

export function say(line: string): void {
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(2);
  process.stdout.write(`${seconds.padStart(6)} s  ${line}\n`);
}

export function expect(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

export interface Stage {
  readonly signalbox: Signalbox;
  readonly receiver: Receiver;
  /** The outcome of every attempt, from the server's stream. */
  readonly outcomes: Inbox<Delivery>;
}

/** A queue: `next` waits until an item arrives. */
export class Inbox<T> {
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

export async function startServer(dataDir: string): Promise<RunningServer> {
  const apiKey = `sb_live_${randomBytes(24).toString("hex")}`;
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "../../src/main.js")], {
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
  throw new Error("the server ended before it was listening");
}

export async function stopServer(server: RunningServer): Promise<void> {
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
  /** The whole body, parsed and raw. */
  readonly body: JsonObject;
  readonly raw: Buffer;
  readonly headers: IncomingHttpHeaders;
}

export interface Receiver {
  readonly url: string;
  readonly server: Server;
  readonly arrivals: Inbox<Arrival>;
  /** Answer the next request with a 503. */
  failOnce(): void;
}

/** The signing secret of every endpoint in the demo. */
export const SECRET = `whsec_${randomBytes(32).toString("base64")}`;

export async function startReceiver(onForged: (error: unknown) => void): Promise<Receiver> {
  const arrivals = new Inbox<Arrival>();
  let failing = false;
  const server = createServer(async (request, response) => {
    try {
      const raw = await buffer(request);
      const { headers } = request;
      const event = await verify<Arrival["data"]>({ body: raw, headers, secret: SECRET, scheme: "standard" });
      const answered = failing ? 503 : 204;
      failing = false;
      response.writeHead(answered).end();
      const { id, type, data, body } = event;
      arrivals.put({ id: id ?? "", type: type ?? "", data, answered, body, raw, headers });
    } catch (error) {
      response.writeHead(401).end();
      onForged(error);
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const failOnce = () => {
    failing = true;
  };
  return { url, server, arrivals, failOnce };
}

export function stopReceiver({ server }: Receiver): void {
  server.close();
  server.closeAllConnections();
}

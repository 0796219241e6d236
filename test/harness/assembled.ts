/** A server assembled as in `signalbox.ts`, on a store whose size the test can limit. */
import type { AddressInfo } from "node:net";
import { createServer } from "../../src/api/server.ts";
import { createSystemClock } from "../../src/clock/system.ts";
import { bootstrap } from "../../src/engine/access/bootstrap.ts";
import { hmacSha256 } from "../../src/engine/delivery/hmac.ts";
import { type RunningEngine, startEngine } from "../../src/engine/engine.ts";
import { createSlack } from "../../src/notify/slack.ts";
import { createSlackApp, type SlackAppOptions } from "../../src/notify/slack-app.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Sender } from "../../src/ports/sender.ts";
import type { Store } from "../../src/ports/store.ts";
import type { Telemetry } from "../../src/ports/telemetry.ts";
import { createStreamSender, senderOf } from "../../src/sender/readers/stream.ts";
import { createSender } from "../../src/sender/sender.ts";
import { createSharingSender } from "../../src/sender/thread/sharing.ts";
import type { startWorker } from "../../src/sender/thread/thread.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { createProcessStatus } from "../../src/telemetry/process-status.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";
import { prepareDataDir } from "../fixtures/empty-store.ts";
import { runHere } from "../fixtures/threads-here.ts";
import { type Client, clientOf, type Scope } from "./server.ts";

export interface AssembledServer extends Client {
  readonly url: string;
  readonly apiKey: string;
  readonly store: Store;
  readonly clock: Clock;
  /** Everything that the server has logged. */
  readonly log: string;
  /** For `startsLater`: ends the starting phase, after which the server handles requests. */
  open(): void;
  close(): Promise<void>;
}

const KEY = `sb_live_${"00112233445566778899aabb".repeat(2)}`;

export interface AssembledOptions {
  readonly dataDir: string;
  /** The maximum size of the database file, in pages of 4 KB. Unlimited if omitted. */
  readonly pagesMax?: number;
  /** The system clock if omitted. */
  readonly clock?: Clock;
  /** The server listens, but answers that it is starting until `open` is called. */
  readonly startsLater?: true;
  /** The proxies whose headers tell the client's address. None if omitted. */
  readonly trustProxy?: readonly string[];
  /** The app through which people answer in Slack. None if omitted, nor the channel. */
  readonly slack?: Pick<SlackAppOptions, "signingSecret" | "botToken" | "baseUrl">;
  /** Starts a sending thread. If omitted, there is none. */
  readonly startThread?: typeof startWorker;
}

export async function assembleServer(
  scope: Scope,
  { dataDir, pagesMax, startsLater, trustProxy = [], slack, startThread, ...given }: AssembledOptions,
): Promise<AssembledServer> {
  const clock = given.clock ?? createSystemClock();
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const telemetry = createTelemetry({ level: "debug", version: "test", clock, destination });
  const store = await openTestStore(dataDir, pagesMax);
  const streamSender = createStreamSender({ clock });
  const sender = senderOf(createHttpSender(clock, telemetry, startThread), streamSender);
  const engine = await startEngine({
    clock,
    store,
    sender,
    readers: streamSender,
    telemetry,
    hmac: hmacSha256,
    userAgent: "Signalbox/test",
    retentionMs: 30 * 86_400_000,
    ...connectSlack(slack, { sender, userAgent: "Signalbox/test", clock }),
    publicUrl: () => "http://localhost",
  });
  await bootstrap(store, clock, { adminEmail: null, adminPassword: null, apiKey: KEY, tenantName: null });
  telemetry.observe({ engine: engine.status.gauges, store: engine.status.store });
  const app = createServer({
    engine,
    clock,
    version: "test",
    publicUrl: () => "http://localhost",
    allowHttp: true,
    trustProxy,
    telemetry,
    settings: [{ name: "PORT", value: "0" }],
    process: createProcessStatus(clock.now(), dataDir, telemetry.newLoopDelayReader()),
    metrics: telemetry.metrics,
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  if (startsLater === undefined) engine.listening();
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  let closed: Promise<void> | null = null;
  const close = (): Promise<void> => {
    closed ??= closeAll({ engine, app, sender, store });
    return closed;
  };
  scope.after(close);
  return {
    ...clientOf(url, KEY),
    url,
    apiKey: KEY,
    store,
    clock,
    get log() {
      telemetry.flush();
      return lines.join("");
    },
    open: () => engine.listening(),
    close,
  };
}

function connectSlack(
  slack: AssembledOptions["slack"],
  using: Pick<SlackAppOptions, "sender" | "userAgent" | "clock">,
) {
  if (slack === undefined) return { notifiers: [], slack: null };
  return { notifiers: [createSlack(using)], slack: createSlackApp({ ...slack, ...using }) };
}

function createHttpSender(clock: Clock, telemetry: Telemetry, start: AssembledOptions["startThread"]): Sender {
  const rules = { clock, allowHttp: true, allowNetworks: ["127.0.0.0/8"] };
  if (start === undefined) return createSender(rules);
  return createSharingSender({ ...rules, start, onNotice: (notice) => telemetry.noticed(notice) });
}

function openTestStore(dataDir: string, pagesMax: number | undefined): ReturnType<typeof openSqliteStore> {
  prepareDataDir(dataDir);
  return openSqliteStore({
    dataDir,
    masterKey: null,
    onDeath(error) {
      throw error;
    },
    startRunner: runHere,
    ...(pagesMax !== undefined && { pagesMax }),
  });
}

interface Parts {
  readonly engine: RunningEngine;
  readonly app: ReturnType<typeof createServer>;
  readonly sender: Sender;
  readonly store: Store;
}

/** In the order of a stop: requests and attempts end before the store closes. */
async function closeAll({ engine, app, sender, store }: Parts): Promise<void> {
  engine.prepareStop();
  const answered = app.close();
  await engine.stop();
  app.server.closeAllConnections();
  await answered;
  await sender.close();
  await store.close();
}

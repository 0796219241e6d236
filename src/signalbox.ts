/** The composition root: config → store → engine → API → listen. No other file wires the layers together. */
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import type { Logger } from "pino";
import { createSystemClock } from "./clock/system.ts";
import { shownSettings } from "./config/shown-settings.ts";
import type { Config } from "./config.ts";
import { StartupError } from "./domain/errors.ts";
import { STOP_RESPONSES_MS } from "./domain/limits.ts";
import { type Bootstrapped, bootstrap } from "./engine/access/bootstrap.ts";
import { hmacSha256 } from "./engine/delivery/hmac.ts";
import { startEngine } from "./engine/engine.ts";
import { createNotifiers, type NotifiersOptions } from "./notify/notifiers.ts";
import { createSlackApp } from "./notify/slack-app.ts";
import type { Clock } from "./ports/clock.ts";
import type { Store } from "./ports/store.ts";
import type { Noticed } from "./ports/telemetry.ts";
import { createStreamSender, senderOf } from "./sender/readers/stream.ts";
import { createSender } from "./sender/sender.ts";
import { createSharingSender } from "./sender/thread/sharing.ts";
import { openPostgresStore } from "./store/postgres/store.ts";
import { openSqliteStore, type SqliteOptions } from "./store/sqlite/store.ts";
import { createProcessStatus } from "./telemetry/process-status.ts";
import { createTelemetry, type ServerTelemetry } from "./telemetry/telemetry.ts";
import type { RunningTracing } from "./telemetry/tracing.ts";

export interface RunningSignalbox {
  /** Where the server listens, without a trailing slash. */
  readonly url: string;
  /** What the first start created; null at every later start. */
  readonly bootstrapped: Bootstrapped | null;
  readonly logger: Pick<Logger, "warn" | "fatal">;
  /** Stop accepting requests, let the attempts in flight finish, give leases back, and close the store. */
  close(): Promise<void>;
}

const DAY_MS = 86_400_000;
export const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

/** Tests can run the store's threads in the main thread. */
type StartOptions = Pick<SqliteOptions, "startRunner">;

/** @throws StartupError for every problem that the operator can fix */
export async function startSignalbox(config: Config, options: StartOptions = {}): Promise<RunningSignalbox> {
  const parts = await assemble(config, options);
  const { clock, engine, store, telemetry } = parts;
  const { logger } = telemetry;
  try {
    await parts.listen();
    // Only after listening: a start that fails must not generate secrets, because nobody would ever see them.
    const bootstrapped = await bootstrap(store, clock, config.first);
    await ensureSources(parts, config);
    warnOfLocalLinks(parts, config);
    engine.listening();
    const url = `http://${hostInUrl(config.host)}:${parts.address.port}`;
    const node = config.database === null ? {} : { node: engine.status.node() };
    logger.info({ version, url, ...node }, "started");
    return {
      url,
      bootstrapped,
      logger,
      async close() {
        logger.info("stopping");
        await close(parts);
        logger.info("stopped");
        await telemetry.end();
      },
    };
  } catch (error) {
    await close(parts);
    await telemetry.end();
    throw listenError(error, config);
  }
}

export function masterKeyOf({ masterKey }: Config): Uint8Array | null {
  return masterKey === null ? null : Buffer.from(masterKey, "base64");
}

type Parts = Awaited<ReturnType<typeof assemble>>;

/** Put the server together. It does not listen yet. */
async function assemble(config: Config, options: StartOptions) {
  // Two thirds of the code to load, which commands do not need.
  const loadingApi = Promise.all([import("./api/server.ts"), import("./api/listen.ts")]);
  const clock = createSystemClock();
  const telemetry = createTelemetry({ level: config.logLevel, version, clock });
  const tracing = config.tracing ? await loadTracing(telemetry, clock) : undefined;
  const store = await openStore(config, telemetry, clock, options);
  const { sender, streamSender, operatorSender } = createSenders(config, clock, telemetry);
  const userAgent = `Signalbox/${version}`;
  const address = new Address(config);
  const engine = await startEngine({
    clock,
    store,
    sender,
    readers: streamSender,
    telemetry: tracing === undefined ? telemetry : { ...telemetry, tracing },
    hmac: hmacSha256,
    userAgent,
    naming: { name: `${hostname()}:${config.port === 0 ? process.pid : config.port}`, version },
    retentionMs: config.retentionDays * DAY_MS,
    ...(await connectPeople(config, { sender, operatorSender, userAgent, clock })),
    publicUrl: () => address.publicUrl,
  });
  const [{ createServer }, { listen }] = await loadingApi;
  telemetry.observe({ engine: engine.status.gauges, store: engine.status.store });
  const app = createServer({
    engine,
    clock,
    version,
    publicUrl: () => address.publicUrl,
    allowHttp: config.allowHttp,
    trustProxy: config.trustProxy,
    telemetry,
    settings: shownSettings(config),
    process: createProcessStatus(
      clock.now(),
      config.database === null ? config.dataDir : null,
      telemetry.newLoopDelayReader(),
    ),
    metrics: telemetry.metrics,
  });
  return {
    clock,
    telemetry,
    tracing,
    store,
    senders: [sender, operatorSender],
    engine,
    app,
    address,
    async listen() {
      await listen(app, { host: config.host, port: config.port });
      address.port = (app.server.address() as AddressInfo).port;
    },
  };
}

/** The ways to people: the channels, and the app through which they answer in Slack. */
async function connectPeople(
  { mail, sms, slack }: Config,
  using: Pick<NotifiersOptions, "sender" | "operatorSender" | "userAgent" | "clock">,
) {
  return {
    notifiers: await createNotifiers({ mail, sms, ...using }),
    slack: slack === null ? null : createSlackApp({ ...slack, ...using }),
  };
}

function createSenders({ allowHttp, allowNetworks }: Config, clock: Clock, telemetry: ServerTelemetry) {
  const onNotice = (notice: Noticed) => telemetry.noticed(notice);
  const streamSender = createStreamSender({ clock });
  return {
    sender: senderOf(createSharingSender({ clock, allowHttp, allowNetworks, onNotice }), streamSender),
    streamSender,
    /** For URLs that the operator configured, which may be internal. */
    operatorSender: createSender({ clock, allowHttp: true, allowNetworks: ["0.0.0.0/0", "::/0"] }),
  };
}

/** Where the server is reached. Its port is certain once the server listens: with port 0, the system chooses one. */
class Address {
  port: number;
  readonly #publicUrl: string | null;

  constructor({ port, publicUrl }: Config) {
    this.port = port;
    this.#publicUrl = publicUrl;
  }

  get publicUrl(): string {
    return this.#publicUrl ?? `http://localhost:${this.port}`;
  }
}

function openStore(config: Config, telemetry: ServerTelemetry, clock: Clock, options: StartOptions): Promise<Store> {
  const { database, dataDir } = config;
  const key = masterKeyOf(config);
  function onDeath(error: Error): void {
    // Whether the store's last write committed is unknown. The next start finds out: it voids the leases, and nothing
    // is lost.
    telemetry.logger.fatal({ error: error.message }, "the store thread ended, so the server exits");
    telemetry.flush();
    process.exit(1);
  }
  const given = { ...options, historyCacheBytes: config.historyCacheMb * 1024 * 1024 };
  if (database === null || key === null) return openSqliteStore({ ...given, dataDir, masterKey: key, onDeath });
  const onNotice = (notice: Noticed) => telemetry.noticed(notice);
  return openPostgresStore({ ...given, clock, database, masterKey: key, onDeath, onNotice });
}

/** Create the inbound sources of the settings that the first tenant does not have yet. */
async function ensureSources({ clock, store, telemetry }: Parts, { inboundSources }: Config): Promise<void> {
  if (inboundSources.length === 0) return;
  const sources = inboundSources.map(({ source, secret }) => ({ id: clock.uuid(), name: source, secret }));
  for (const source of await store.ensureSources(sources, clock.now())) {
    telemetry.noticed({ level: "warn", what: "inbound_source_keeps_its_stored_secret", fields: { source } });
  }
}

/** The messages to people have links. Without the setting, only a browser on the server's machine can open them. */
function warnOfLocalLinks({ telemetry, address }: Parts, { publicUrl, mail, sms, slack }: Config): void {
  if (publicUrl !== null || (mail === null && sms === null && slack === null)) return;
  const fields = { links: address.publicUrl, set: "SIGNALBOX_PUBLIC_URL" };
  telemetry.noticed({ level: "warn", what: "links_to_people_lead_to_localhost", fields });
}

/** The SDK is a file of its own, which is not loaded otherwise. */
async function loadTracing(telemetry: ServerTelemetry, clock: Clock): Promise<RunningTracing> {
  const { startTracing } = await import("./telemetry/tracing.ts");
  return startTracing({ env: process.env, version, clock, onNotice: (notice) => telemetry.noticed(notice) });
}

async function close({ app, clock, engine, senders, store, tracing }: Parts): Promise<void> {
  engine.prepareStop();
  const answered = app.close();
  await engine.stop();
  app.server.closeIdleConnections(); // including those whose streams have just ended
  const deadline = clock.after(STOP_RESPONSES_MS, () => app.server.closeAllConnections());
  await answered;
  deadline.cancel();
  await Promise.all(senders.map((sender) => sender.close()));
  await store.close();
  await tracing?.close();
}

function hostInUrl(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function listenError(error: unknown, { host, port }: Config): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  switch (error.code) {
    case "EADDRINUSE":
      return new StartupError(
        `port ${port} on ${host} is in use; stop the program that uses it, or set PORT to another port`,
      );
    case "EACCES":
      return new StartupError(`this user is not allowed to listen on port ${port}; set PORT to 1024 or above`);
    case "EADDRNOTAVAIL":
    case "EAFNOSUPPORT":
    case "EINVAL":
      return new StartupError(
        `${host} is not an address of this machine; set HOST to one of its addresses, such as 127.0.0.1`,
      );
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EAI_FAIL":
      return new StartupError(
        `the name ${host} does not resolve to an address; set HOST to an address of this machine, such as 127.0.0.1`,
      );
    default:
      return error;
  }
}

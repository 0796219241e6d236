/** The composition root: config → store → engine → api → listen. The only file that wires. */
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { text } from "node:stream/consumers";
import { setFlagsFromString } from "node:v8";
import { runCommand } from "./cli/run.ts";
import { createSystemClock } from "./clock/system.ts";
import { type Config, loadConfig } from "./config.ts";
import { StartupError, StoreUnavailable } from "./domain/errors.ts";
import { STOP_ANSWERS_MS } from "./domain/limits.ts";
import { terminalLine } from "./domain/readable.ts";
import { type Founded, found } from "./engine/founding.ts";
import { hmacSha256 } from "./engine/hmac.ts";
import { startEngine } from "./engine/start.ts";
import { createNotifiers } from "./notify/notifiers.ts";
import { createSender } from "./sender/sender.ts";
import { openBeside } from "./store/sqlite/beside.ts";
import { openSqliteStore } from "./store/sqlite/store.ts";
import { createTelemetry } from "./telemetry/telemetry.ts";

export interface RunningSignalbox {
  /** Where it listens, without a slash at its end. */
  readonly url: string;
  /** What the first start made; null at every later one. */
  readonly founded: Founded | null;
  /** Stop accepting, let attempts on the wire finish, give leases back, close the store. */
  close(): Promise<void>;
}

const DAY_MS = 86_400_000;
const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

/** @throws StartupError for whatever the operator can mend */
export async function startSignalbox(config: Config): Promise<RunningSignalbox> {
  // Two thirds of what there is to load, and nothing of it is for a command.
  const loadingApi = Promise.all([import("./api/server.ts"), import("./api/listen.ts")]);
  const clock = createSystemClock();
  const telemetry = createTelemetry({ level: config.logLevel, clock });
  const store = await openSqliteStore({
    dataDir: config.dataDir,
    masterKey: masterKeyOf(config),
    onDeath(error) {
      // What it last wrote is unknown, and a restart finds out: leases are voided, nothing is lost.
      telemetry.logger.fatal({ error: error.message }, "the store ended; so does the server");
      telemetry.flush();
      process.exit(1);
    },
  });
  const sender = createSender({ clock, allowHttp: config.allowHttp, allowNetworks: config.allowNetworks });
  // For addresses that the operator set, which may be internal.
  const operatorSender = createSender({ clock, allowHttp: true, allowNetworks: ["0.0.0.0/0", "::/0"] });
  const userAgent = `Signalbox/${version}`;
  let port = config.port;
  const publicUrl = (): string => config.publicUrl ?? `http://localhost:${port}`;
  const engine = await startEngine({
    clock,
    store,
    sender,
    telemetry,
    hmac: hmacSha256,
    userAgent,
    retentionMs: config.retentionDays * DAY_MS,
    notifiers: createNotifiers({ mail: config.mail, sms: config.sms, sender, operatorSender, userAgent, clock }),
    publicUrl,
  });
  const [{ createServer }, { listen }] = await loadingApi;
  telemetry.observe({ engine: engine.status.gauges, store: engine.status.store });
  const app = createServer({
    engine,
    clock,
    version,
    get publicUrl() {
      return publicUrl();
    },
    allowHttp: config.allowHttp,
    trustProxy: config.trustProxy,
    telemetry,
    metrics: telemetry.metrics,
  });

  /** Those of the settings that the first tenant does not have yet. */
  async function makeSources({ inboundSources }: Config): Promise<void> {
    if (inboundSources.length === 0) return;
    const wanted = inboundSources.map(({ source, secret }) => ({ id: clock.uuid(), name: source, secret }));
    for (const source of await store.ensureSources(wanted, clock.now())) {
      telemetry.noticed({ level: "warn", what: "inbound_source_keeps_its_stored_secret", fields: { source } });
    }
  }

  async function close(): Promise<void> {
    engine.prepareStop();
    const answered = app.close();
    await engine.stop();
    app.server.closeIdleConnections(); // those whose streams have ended meanwhile
    const cut = clock.after(STOP_ANSWERS_MS, () => app.server.closeAllConnections());
    await answered;
    cut.cancel();
    await Promise.all([sender.close(), operatorSender.close()]);
    await store.close();
    telemetry.flush();
  }

  try {
    await listen(app, { host: config.host, port: config.port });
    port = (app.server.address() as AddressInfo).port;
    // Only now: a start that fails must not make secrets that it then shows to nobody.
    const founded = await found(store, clock, config.first);
    await makeSources(config);
    engine.listening();
    return { url: `http://${hostInUrl(config.host)}:${port}`, founded, close };
  } catch (error) {
    await close();
    throw listenError(error, config);
  }
}

function masterKeyOf({ masterKey }: Config): Uint8Array | null {
  return masterKey === null ? null : Buffer.from(masterKey, "base64");
}

function hostInUrl(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function listenError(error: unknown, { host, port }: Config): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  switch (error.code) {
    case "EADDRINUSE":
      return new StartupError(`port ${port} on ${host} is in use; stop what listens there, or set PORT`);
    case "EACCES":
      return new StartupError(`port ${port} on ${host} may not be listened on by this user; set PORT`);
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new StartupError(`${host} is no address of this machine; set HOST`);
    default:
      return error;
  }
}

function announce({ url, founded }: RunningSignalbox, config: Config): void {
  const say = (line: string) => process.stdout.write(`${line}\n`);
  say(`Signalbox ${version} listens on ${url}`);
  say(`  data       ${path.resolve(config.dataDir)}`);
  if (founded === null) return;
  say("  first start: this is shown once");
  say(`  user       ${founded.email}`);
  say(`  password   ${founded.password ?? "as set by SIGNALBOX_ADMIN_PASSWORD"}`);
  say(`  API key    ${founded.apiKey ?? "as set by SIGNALBOX_API_KEY"}`);
}

function stopOnSignals(running: RunningSignalbox): void {
  let stopping = false;
  const stop = () => {
    if (stopping) process.exit(1);
    stopping = true;
    running.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

// What lives for one request is soon garbage; by itself V8 lets the heap grow to four times what is alive before it
// looks. At two and a half times the peak under load is 90 MB less; a difference in speed was not
// to be told from the noise.
const HEAP_GROWTH = "--heap-growing-percent=150";

async function serve(): Promise<void> {
  setFlagsFromString(HEAP_GROWTH);
  const config = loadConfig(process.env);
  const running = await startSignalbox(config);
  stopOnSignals(running);
  announce(running, config);
}

/** The exit code is set and not exited with: what was printed into a pipe may still be on its way. */
async function command(words: readonly string[]): Promise<void> {
  const clock = createSystemClock();
  process.exitCode = await runCommand(words, {
    clock,
    openStore() {
      const config = loadConfig(process.env);
      return openBeside({ dataDir: config.dataDir, masterKey: masterKeyOf(config), newId: () => clock.uuid() });
    },
    readInput: () => text(process.stdin),
    print: (printed) => void process.stdout.write(printed),
    complain,
  });
}

function complain(line: string): void {
  process.stderr.write(`signalbox: ${terminalLine(line)}\n`);
}

if (import.meta.main) {
  process.umask(0o077); // payloads and key hashes are nobody else's on this machine
  const words = process.argv.slice(2);
  try {
    await (words.length === 0 ? serve() : command(words));
  } catch (error) {
    if (!(error instanceof StartupError || error instanceof StoreUnavailable)) throw error;
    for (const line of error.message.split("\n")) complain(line);
    process.exit(1);
  }
}

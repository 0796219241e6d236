/** The composition root: config → store → engine → api → listen. Only this file wires the parts together. */
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import { createSystemClock } from "./clock/system.ts";
import type { Config } from "./config.ts";
import { StartupError } from "./domain/errors.ts";
import { STOP_ANSWERS_MS } from "./domain/limits.ts";
import { type Bootstrapped, bootstrap } from "./engine/access/bootstrap.ts";
import { hmacSha256 } from "./engine/delivery/hmac.ts";
import { startEngine } from "./engine/engine.ts";
import { createNotifiers } from "./notify/notifiers.ts";
import { createSender } from "./sender/sender.ts";
import { openSqliteStore } from "./store/sqlite/store.ts";
import { createTelemetry } from "./telemetry/telemetry.ts";

export interface RunningSignalbox {
  /** The URL that the server listens on, without a trailing slash. */
  readonly url: string;
  /** The tenant, user and key that the first start created; null for later starts. */
  readonly bootstrapped: Bootstrapped | null;
  readonly logger: Pick<Logger, "warn" | "fatal">;
  /** Stop accepting requests, wait for attempts in flight, return the leases, and close the store. */
  close(): Promise<void>;
}

const DAY_MS = 86_400_000;
export const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

/**
 * @throws StartupError for problems that the operator can fix
 */
export async function startSignalbox(config: Config): Promise<RunningSignalbox> {
  // The API is two thirds of the code, and commands do not need it.
  const loadingApi = Promise.all([import("./api/server.ts"), import("./api/listen.ts")]);
  const clock = createSystemClock();
  const telemetry = createTelemetry({ level: config.logLevel, clock });
  const store = await openSqliteStore({
    dataDir: config.dataDir,
    masterKey: masterKeyOf(config),
    onDeath(error) {
      // Whether the store's last write committed is unknown. The next start finds out: it voids the leases, and nothing
      // is lost.
      telemetry.logger.fatal({ error: error.message }, "the store thread ended, so the server exits");
      telemetry.flush();
      process.exit(1);
    },
  });
  const sender = createSender({ clock, allowHttp: config.allowHttp, allowNetworks: config.allowNetworks });
  // For addresses that the operator configured, which may be internal.
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

  /** Create the configured sources that the first tenant does not have yet. */
  async function makeSources({ inboundSources }: Config): Promise<void> {
    if (inboundSources.length === 0) return;
    const configured = inboundSources.map(({ source, secret }) => ({ id: clock.uuid(), name: source, secret }));
    for (const source of await store.ensureSources(configured, clock.now())) {
      telemetry.noticed({ level: "warn", what: "inbound_source_keeps_its_stored_secret", fields: { source } });
    }
  }

  async function close(): Promise<void> {
    engine.prepareStop();
    const answered = app.close();
    await engine.stop();
    app.server.closeIdleConnections(); // connections whose streams have ended in the meantime
    const cut = clock.after(STOP_ANSWERS_MS, () => app.server.closeAllConnections());
    await answered;
    cut.cancel();
    await Promise.all([sender.close(), operatorSender.close()]);
    await store.close();
  }

  try {
    await listen(app, { host: config.host, port: config.port });
    port = (app.server.address() as AddressInfo).port;
    // After listening has succeeded, because a start that fails must not generate secrets that are never shown.
    const bootstrapped = await bootstrap(store, clock, config.first);
    await makeSources(config);
    engine.listening();
    const url = `http://${hostInUrl(config.host)}:${port}`;
    const { logger } = telemetry;
    logger.info({ version, url }, "started");
    return {
      url,
      bootstrapped,
      logger,
      async close() {
        logger.info("stopping");
        await close();
        logger.info("stopped");
        telemetry.flush();
      },
    };
  } catch (error) {
    await close();
    telemetry.flush();
    throw listenError(error, config);
  }
}

export function masterKeyOf({ masterKey }: Config): Uint8Array | null {
  return masterKey === null ? null : Buffer.from(masterKey, "base64");
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

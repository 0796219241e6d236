/** Run the program on the server's machine: `admin …`, or `serve`, which is also what no words mean. */
import path from "node:path";
import { text } from "node:stream/consumers";
import { createStores } from "./administration.ts";
import { EXIT, printFailure } from "./cli/failure.ts";
import { runCommand } from "./cli/run.ts";
import { createSystemClock } from "./clock/system.ts";
import { type Config, type Environment, loadConfig } from "./config.ts";
import { shownDatabase } from "./domain/database-address.ts";
import { StartupError, StoreUnavailable } from "./domain/errors.ts";
import type { Uuid } from "./domain/ids.ts";
import { SIGNAL_ECHO_MS } from "./domain/limits.ts";
import { letYoungSpaceGrow, limitHeap } from "./heap.ts";
import type { AccessStore } from "./ports/store.ts";
import { masterKeyOf, type RunningSignalbox, startSignalbox, version } from "./signalbox.ts";
import { openPostgresCommandLineStore } from "./store/postgres/command-line-store.ts";
import { openCommandLineStore } from "./store/sqlite/command-line-store.ts";

/**
 * @param words the words after the program's name
 */
export async function run(words: readonly string[]): Promise<void> {
  process.umask(0o077); // other users of this machine must not read payloads and key hashes
  // Sets the exit code instead of exiting, because output to a pipe may not be written yet.
  process.exitCode = await command(words.length === 0 ? ["serve"] : words, PROCESS);
}

/** Where a run of the program reads its settings and its input, and where it writes. */
export interface Surroundings {
  readonly env: Environment;
  readInput(): Promise<string>;
  print(text: string): void;
  /** Of the terminal; absent when standard output is not a terminal. */
  readonly columns?: number | undefined;
  printError(text: string): void;
}

const PROCESS: Surroundings = {
  env: process.env,
  readInput: () => text(process.stdin),
  print: (printed) => void process.stdout.write(printed),
  columns: process.stdout.columns,
  printError: (printed) => void process.stderr.write(printed),
};

/** Print what the operator can fix. A service manager gets the same exit code for every failed start. */
function explained(error: unknown): number {
  if (!(error instanceof StartupError || error instanceof StoreUnavailable)) throw error;
  PROCESS.printError(printFailure({ kind: "failed", message: error.message }, false));
  return EXIT.failed;
}

/** A start that fails ends the process, since parts of the server may be running. */
function serve(): Promise<void> {
  return start().catch((error: unknown) => process.exit(explained(error)));
}

async function start(): Promise<void> {
  limitHeap();
  const config = loadConfig(process.env);
  const starting = startSignalbox(config);
  stopOnSignals(starting);
  const running = await starting;
  letYoungSpaceGrow();
  logWhatNodeSays(running);
  announce(running, config);
}

/** Printed in one write, so that no log line can come in between. */
function announce({ url, bootstrapped }: RunningSignalbox, config: Config): void {
  const lines = [
    `Signalbox ${version} listens on ${url}`,
    `  data       ${config.database === null ? path.resolve(config.dataDir) : shownDatabase(config.database)}`,
    `  console    ${config.publicUrl ?? url}/console/`,
  ];
  if (bootstrapped !== null) {
    lines.push(
      "  first start: the following is shown only once",
      `  user       ${bootstrapped.email}`,
      `  password   ${bootstrapped.password ?? "as set by SIGNALBOX_ADMIN_PASSWORD"}`,
      `  API key    ${bootstrapped.apiKey ?? "as set by SIGNALBOX_API_KEY"}`,
    );
  }
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** After the banner, standard output carries only JSON, and standard error nothing. */
function logWhatNodeSays({ logger }: RunningSignalbox): void {
  process.removeAllListeners("warning"); // remove Node's own listener, which prints to standard error
  process.on("warning", ({ name, message }) => logger.warn({ name, message }, "node_warning"));
  process.on("uncaughtException", (error) => {
    logger.fatal({ error: error instanceof Error ? error.stack : String(error) }, "crashed");
    process.exit(1);
  });
  // The reader of the log has closed the pipe. The server continues without it.
  process.stdout.on("error", () => undefined);
}

/**
 * SIGHUP stops the server in the same way. Without a listener, Node would exit immediately when the terminal closes,
 * even under `nohup`.
 */
function stopOnSignals(starting: Promise<RunningSignalbox>): void {
  const clock = createSystemClock();
  let first: { readonly signal: NodeJS.Signals; readonly atMs: number } | null = null;
  const stop = (signal: NodeJS.Signals): void => {
    const nowMs = clock.monotonicMs();
    if (first === null) {
      first = { signal, atMs: nowMs };
      starting.then(closeAndExit, () => undefined);
      return;
    }
    const isEcho = signal === first.signal && nowMs - first.atMs < SIGNAL_ECHO_MS;
    if (!isEcho) process.exit(1);
  };
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, stop);
}

function closeAndExit(running: RunningSignalbox): Promise<never> {
  return running.close().then(
    () => process.exit(0),
    () => process.exit(1),
  );
}

function openAccessStore(config: Config, newId: () => Uuid): AccessStore {
  const { database, dataDir } = config;
  const masterKey = masterKeyOf(config);
  if (database === null || masterKey === null) return openCommandLineStore({ dataDir, masterKey, newId });
  return openPostgresCommandLineStore({ database, masterKey, newId });
}

/** Run one command. Returns its exit code. */
export async function command(words: readonly string[], surroundings: Surroundings): Promise<number> {
  const { env, readInput, print, printError, columns = Number.POSITIVE_INFINITY } = surroundings;
  const clock = createSystemClock();
  return runCommand(words, {
    clock,
    openStore: () => openAccessStore(loadConfig(env), () => clock.uuid()),
    readInput,
    stores: createStores(() => loadConfig(env), clock),
    serve,
    print,
    columns,
    printError,
  });
}

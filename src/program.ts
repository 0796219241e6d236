/** One run of the program: the server, or with words on the command line one command. */
import path from "node:path";
import { text } from "node:stream/consumers";
import { setFlagsFromString } from "node:v8";
import { runCommand } from "./cli/run.ts";
import { createSystemClock } from "./clock/system.ts";
import { type Config, loadConfig } from "./config.ts";
import { StartupError, StoreUnavailable } from "./domain/errors.ts";
import { SIGNAL_ECHO_MS } from "./domain/limits.ts";
import { terminalLine } from "./domain/text/readable.ts";
import { masterKeyOf, type RunningSignalbox, startSignalbox, version } from "./signalbox.ts";
import { openCommandLineStore } from "./store/sqlite/access/command-line-store.ts";
import { dataFiles } from "./store/sqlite/files/files.ts";
import { backUp } from "./store/sqlite/upkeep/backup.ts";

/** @param words what follows the program's name */
export async function run(words: readonly string[]): Promise<void> {
  process.umask(0o077); // payloads and key hashes are nobody else's on this machine
  try {
    await (words.length === 0 ? serve() : command(words));
  } catch (error) {
    if (!(error instanceof StartupError || error instanceof StoreUnavailable)) throw error;
    for (const line of error.message.split("\n")) complain(line);
    process.exit(1);
  }
}

// What lives for one request is soon garbage; by itself V8 lets the heap grow to four times what is alive before it
// looks. At two and a half times the peak under load is 90 MB less; a difference in speed was not
// to be told from the noise.
const HEAP_GROWTH = "--heap-growing-percent=150";

async function serve(): Promise<void> {
  setFlagsFromString(HEAP_GROWTH);
  const config = loadConfig(process.env);
  const starting = startSignalbox(config);
  stopOnSignals(starting);
  const running = await starting;
  logWhatNodeSays(running);
  announce(running, config);
}

/** In one write, so that no line of the log can come between. */
function announce({ url, bootstrapped }: RunningSignalbox, config: Config): void {
  const lines = [`Signalbox ${version} listens on ${url}`, `  data       ${path.resolve(config.dataDir)}`];
  if (bootstrapped !== null) {
    lines.push(
      "  first start: this is shown once",
      `  user       ${bootstrapped.email}`,
      `  password   ${bootstrapped.password ?? "as set by SIGNALBOX_ADMIN_PASSWORD"}`,
      `  API key    ${bootstrapped.apiKey ?? "as set by SIGNALBOX_API_KEY"}`,
    );
  }
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** From here on, after the banner, standard output has JSON only, and standard error nothing. */
function logWhatNodeSays({ logger }: RunningSignalbox): void {
  process.removeAllListeners("warning"); // Node's own, which prints
  process.on("warning", ({ name, message }) => logger.warn({ name, message }, "node_warning"));
  process.on("uncaughtException", (error) => {
    logger.fatal({ error: error instanceof Error ? error.stack : String(error) }, "crashed");
    process.exit(1);
  });
  // Whoever read the log has gone. The server goes on without.
  process.stdout.on("error", () => undefined);
}

/** Node treats a closed terminal like the other two signals, also under `nohup`: by itself it ends at once. */
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

/** The exit code is set and not exited with: what was printed into a pipe may still be on its way. */
async function command(words: readonly string[]): Promise<void> {
  const clock = createSystemClock();
  process.exitCode = await runCommand(words, {
    clock,
    version,
    openStore() {
      const config = loadConfig(process.env);
      return openCommandLineStore({
        dataDir: config.dataDir,
        masterKey: masterKeyOf(config),
        newId: () => clock.uuid(),
      });
    },
    readInput: () => text(process.stdin),
    backUp(file, overwrites) {
      const config = loadConfig(process.env);
      const backup = backUp({ dataDir: config.dataDir, file, overwrites });
      return {
        ...backup,
        masterKey:
          config.masterKey === null ? dataFiles(path.resolve(config.dataDir)).masterKey : "SIGNALBOX_MASTER_KEY",
      };
    },
    print: (printed) => void process.stdout.write(printed),
    complain,
  });
}

function complain(line: string): void {
  process.stderr.write(`signalbox: ${terminalLine(line)}\n`);
}

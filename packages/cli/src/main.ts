/** `signalbox` as a client: what `src/main.js` runs for every word except `serve` and `admin`. */
import { readFileSync } from "node:fs";
import type { Surroundings } from "./context.ts";
import { runProgram } from "./program.ts";

/** 128 and the signal's number, as shells report it. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGQUIT: 131 } as const;

/**
 * @param words the words after the program's name
 */
export async function run(words: readonly string[]): Promise<void> {
  const cleaners: (() => void | Promise<void>)[] = [];
  const interrupted = new AbortController();
  cleaners.push(() => interrupted.abort());
  for (const [signal, code] of Object.entries(SIGNALS)) {
    process.once(signal, () => void interrupt(code, cleaners));
  }
  const { env, platform, stdin, stdout, stderr } = process;
  stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
    // `signalbox … | head -1`: the reader has what it wanted. A command that has just printed its outcome exits with it.
    if (code === "EPIPE") return setImmediate(() => process.exit());
    stderr.write(`signalbox: Standard output cannot be written: ${code}.\n`);
    return process.exit(1);
  });
  // Nobody reads it. The command goes on: to end with 0 here would mean yes to a question that nobody answered.
  stderr.on("error", () => undefined);
  const surroundings: Surroundings = {
    version: readVersion(),
    env,
    platform,
    folder: process.cwd(),
    stdin,
    stdout,
    stderr,
    terminal: stdin.isTTY && stdout.isTTY ? { stdin, stdout } : null,
    signal: interrupted.signal,
    onInterrupt: (clean) => void cleaners.push(clean),
  };
  process.exitCode = await runProgram(words, surroundings);
  // A connection that is kept for the next request, or a terminal that was read, must not keep the process.
  stdout.write("", () => stderr.write("", () => process.exit()));
}

async function interrupt(code: number, cleaners: readonly (() => void | Promise<void>)[]): Promise<never> {
  process.once("SIGINT", () => process.exit(130)); // a second Ctrl-C does not wait
  for (const clean of cleaners) await clean();
  // The exit waits for a pipe that is being opened and has no writer. Another Ctrl-C ends that.
  for (const signal of Object.keys(SIGNALS)) process.removeAllListeners(signal);
  return process.exit(code);
}

/** This file and the built one are one folder below their package's manifest. */
function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return String(version);
}

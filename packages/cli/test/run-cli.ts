/** The client of the command line in the test's own process. A process for each command would take 0.2 s of CPU time. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Finished } from "../../../test/harness/child.ts";
import { signalled } from "../../../test/harness/deadline.ts";
import type { Scope } from "../../../test/harness/server.ts";
import { runProgram } from "../src/program.ts";

/** A folder that nothing can be read from or written to, not even by root. */
export const NOWHERE = "/dev/null/nowhere";

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input. With `columns`, what a person types. */
  readonly input?: string;
  /** Standard input that goes on, instead of `input`. */
  readonly stdin?: AsyncIterable<string>;
  /** The columns of the terminal; without them there is no terminal. */
  readonly columns?: number;
  readonly folder?: string;
}

/** A command that has not ended. */
export interface RunningCli {
  readonly finished: Promise<Finished>;
  /** Resolves when standard output or standard error matches. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** As Ctrl-C does, except that the process goes on. */
  interrupt(): void;
}

/** A folder for settings and projects, without any. */
export async function newCliFolder(scope: Scope): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "signalbox-cli-"));
  scope.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export function runCli(words: readonly string[], options: CliOptions = {}): Promise<Finished> {
  return startCli(words, options).finished;
}

export function startCli(words: readonly string[], options: CliOptions): RunningCli {
  const { env = {}, input = "", columns, folder } = options;
  const written = { stdout: "", stderr: "" };
  const listeners = new Set<() => void>();
  const isTTY = columns !== undefined;
  const into = (name: keyof typeof written) => ({
    isTTY,
    columns,
    write(text: string, done?: () => void) {
      written[name] += text;
      for (const listener of listeners) listener();
      done?.();
      return true;
    },
  });
  const interrupted = new AbortController();
  const typed = (async function* () {
    if (input !== "") yield input;
  })();
  const stdin = Object.assign(options.stdin ?? typed, { isTTY });
  const running = runProgram(words, {
    version: "0.0.0",
    env: { SIGNALBOX_CONFIG: NOWHERE, ...env },
    platform: process.platform,
    folder: folder ?? "/",
    stdin,
    stdout: into("stdout"),
    stderr: into("stderr"),
    signal: interrupted.signal,
    onInterrupt: (clean) => interrupted.signal.addEventListener("abort", () => void clean()),
  });
  return {
    finished: running.then((code) => ({ code, ...written })),
    async says(pattern) {
      const { promise, give } = signalled<RegExpExecArray>(`${pattern} from signalbox ${words.join(" ")}`);
      const look = () => {
        const match = pattern.exec(written.stdout) ?? pattern.exec(written.stderr);
        if (match !== null) give(match);
      };
      listeners.add(look);
      look();
      return promise.finally(() => listeners.delete(look));
    },
    interrupt: () => interrupted.abort(),
  };
}

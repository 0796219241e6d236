/** Runs a command as a user does: reads its output line by line and ends every process that it started. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Scope } from "./server.ts";

export interface RunningCommand {
  /** The lines up to and including the next one that matches. Rejects if the output ends first. */
  until(pattern: RegExp): Promise<readonly string[]>;
  /** Writes to the command's standard input. */
  type(text: string): void;
  /** Sends a signal to the command itself. */
  signal(name: NodeJS.Signals): void;
  /** Sends a signal to the command and every process that it started. */
  signalGroup(name: NodeJS.Signals): void;
  /** The command's exit code, once its output has ended. */
  readonly ended: Promise<number | null>;
}

export const PROJECT_DIR = fileURLToPath(new URL("../../", import.meta.url));

/** Runs in the project's folder, without inherited environment variables that the server would read as settings. */
export function startCommand(
  scope: Scope,
  command: readonly [string, ...string[]],
  env: Readonly<Record<string, string>> = {},
): RunningCommand {
  const [file, ...args] = command;
  const inherited = Object.entries(process.env).filter(([name]) => !/^(SIGNALBOX_|HOST$|PORT$|LOG_LEVEL$)/.test(name));
  const child = spawn(file, args, {
    cwd: PROJECT_DIR,
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ["pipe", "pipe", "pipe"],
    detached: true, // a separate process group, so that one signal ends all of it
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, "close").then(([code]) => code as number | null);
  scope.after(async () => {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      process.kill(-child.pid, "SIGTERM");
    }
    await ended;
  });
  return {
    async until(pattern) {
      const seen: string[] = [];
      for (;;) {
        const { done, value } = await lines.next();
        if (done) throw new Error(`${file} ended before a line matched ${pattern}:\n${seen.join("\n")}\n${errors}`);
        seen.push(value);
        if (pattern.test(value)) return seen;
      }
    },
    type: (text) => void child.stdin.write(text),
    signal: (name) => void child.kill(name),
    signalGroup: (name) => void process.kill(-(child.pid ?? assert.fail("the command did not start")), name),
    ended,
  };
}

/** Whether this machine has the command. */
export function hasCommand(name: string): boolean {
  return spawnSync(name, ["--version"]).error === undefined;
}

/** A command as a person runs it: its lines as they come, and an end for all that it started. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

export interface RunningCommand {
  /** Lines up to the next one that fits, that one last. Rejects when the output ends before. */
  until(pattern: RegExp): Promise<readonly string[]>;
  /** Write to its standard input. */
  type(text: string): void;
  /** To the command itself; to every process that it started as well. */
  signal(name: NodeJS.Signals): void;
  signalGroup(name: NodeJS.Signals): void;
  /** Its exit code, once its output has ended. */
  readonly ended: Promise<number | null>;
}

export const PROJECT_DIR = fileURLToPath(new URL("../../", import.meta.url));

/** In the project's folder, without settings of the outside that the server would take for its own. */
export function startCommand(
  context: TestContext,
  command: readonly [string, ...string[]],
  env: Readonly<Record<string, string>> = {},
): RunningCommand {
  const [file, ...args] = command;
  const outside = Object.entries(process.env).filter(([name]) => !/^(SIGNALBOX_|HOST$|PORT$|LOG_LEVEL$)/.test(name));
  const child = spawn(file, args, {
    cwd: PROJECT_DIR,
    env: { ...Object.fromEntries(outside), ...env },
    stdio: ["pipe", "pipe", "pipe"],
    detached: true, // a group of its own, so that all of it can be ended
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, "close").then(([code]) => code as number | null);
  context.after(async () => {
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
        if (done) throw new Error(`${file} ended before a line fitted ${pattern}:\n${seen.join("\n")}\n${errors}`);
        seen.push(value);
        if (pattern.test(value)) return seen;
      }
    },
    type: (text) => void child.stdin.write(text),
    signal: (name) => void child.kill(name),
    signalGroup: (name) => void process.kill(-(child.pid ?? assert.fail("it did not start")), name),
    ended,
  };
}

/** Whether a machine has this command. */
export function hasCommand(name: string): boolean {
  return spawnSync(name, ["--version"]).error === undefined;
}

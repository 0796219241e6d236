/** Processes and directories that a benchmark makes: gone when it ends, however it ends. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const leftovers = new Set<() => void>();
process.on("exit", () => {
  for (const clear of leftovers) clear();
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

/** Kill this process when ours ends, if it is still there. */
export function adopt(child: ChildProcess): void {
  const clear = (): void => void child.kill("SIGKILL");
  leftovers.add(clear);
  child.once("exit", () => leftovers.delete(clear));
}

const STOP_MS_MAX = 30_000;

/** Resolves when the process has ended; one that does not end by itself is killed. */
export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  const kill = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
  child.kill(signal);
  await ended;
  clearTimeout(kill);
}

interface Listening {
  readonly kind: "listening";
  readonly port: number;
}

/** Start one of our own processes, which tells its port when it listens. */
export async function forkListening(
  file: URL,
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const child = fork(file, { execArgv: [], env: { ...process.env, ...env } });
  adopt(child);
  const [told] = (await Promise.race([
    once(child, "message"),
    once(child, "exit").then(() => Promise.reject(new Error(`${file.pathname} ended before it listened`))),
  ])) as [Listening];
  return { child, port: told.port };
}

export interface DataDir extends Disposable {
  readonly path: string;
}

/** File systems in memory; see statfs(2). A disk there would be none. */
const IN_MEMORY = new Set([0x0102_1994, 0x8584_58f6]);

/** An empty directory on a real disk: the system's place for temporary files, or else beside the project. */
export function makeDataDir(): DataDir {
  const parent = IN_MEMORY.has(statfsSync(tmpdir()).type) ? path.join(import.meta.dirname, "../..") : tmpdir();
  const made = mkdtempSync(path.join(parent, ".signalbox-bench-"));
  const clear = (): void => rmSync(made, { recursive: true, force: true });
  leftovers.add(clear);
  return {
    path: made,
    [Symbol.dispose]() {
      leftovers.delete(clear);
      clear();
    },
  };
}

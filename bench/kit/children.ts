/** Processes and directories of a benchmark. They are removed when it ends, even if it fails or is interrupted. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const leftovers = new Set<() => void>();
process.on("exit", () => {
  for (const clear of leftovers) clear();
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

/** Kills the child when this process ends, if it is still running. */
export function killAtExit(child: ChildProcess): void {
  const clear = (): void => void child.kill("SIGKILL");
  leftovers.add(clear);
  child.once("exit", () => leftovers.delete(clear));
}

const STOP_MS_MAX = 30_000;

/** Resolves when the process has ended. Kills it if it does not end in time. */
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

/** Starts one of the benchmarks' own processes, which reports its port when it listens. */
export async function forkListening(
  file: URL,
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const child = fork(file, { execArgv: [], env: { ...process.env, ...env } });
  killAtExit(child);
  const [told] = (await Promise.race([
    once(child, "message"),
    once(child, "exit").then(() => Promise.reject(new Error(`${file.pathname} ended before it listened`))),
  ])) as [Listening];
  return { child, port: told.port };
}

export interface DataDir extends Disposable {
  readonly path: string;
}

/** The types of file systems in memory, from statfs(2). The benchmarks need a real disk. */
const IN_MEMORY = new Set([0x0102_1994, 0x8584_58f6]);

const MEMORY = "/dev/shm";

/**
 * An empty directory on a real disk: in the system's temporary directory or, if that is in memory, in the project. With
 * `memory` it is in memory, if the system has such a directory.
 */
export function makeDataDir(on: "disk" | "memory" = "disk"): DataDir {
  const disk = IN_MEMORY.has(statfsSync(tmpdir()).type) ? path.join(import.meta.dirname, "../..") : tmpdir();
  const parent = on === "memory" && existsSync(MEMORY) ? MEMORY : disk;
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

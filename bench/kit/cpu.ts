/** Processor time, memory and traffic of processes, and a limit for a process, as Linux counts them. */
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/** A tick of proc(5). It is the same on every Linux. */
const TICK_MS = 10;

/** The fields of /proc/PID/stat from the third on. The second, a name, may contain anything. */
function statOf(task: number | string): readonly string[] {
  const stat = readFileSync(`/proc/${task}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** Processor time of all threads since the start. NaN if the system does not report it. */
export function cpuMs(pid: number | undefined): number {
  return ownMs(pid ?? 0);
}

/** The same of the thread that runs the main program. */
export function mainThreadMs(pid: number): number {
  return ownMs(`${pid}/task/${pid}`);
}

function ownMs(task: number | string): number {
  try {
    const fields = statOf(task);
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return Number.NaN;
  }
}

/** From Linux: the voluntary context switches of all threads, since the start of each. Without /proc, NaN. */
export function wakeUps(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const sleeps = threads.map((id) => {
      const status = readFileSync(`/proc/${pid}/task/${id}/status`, "utf8");
      return Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)?.[1]);
    });
    return sleeps.reduce((sum, count) => sum + count, 0);
  } catch {
    return Number.NaN;
  }
}

/** Resident memory now, and its peak. NaN if the system does not report it. */
export function memoryMb(pid: number | undefined, field: "VmRSS" | "VmHWM"): number {
  return megabytes(`/proc/${pid}/status`, field);
}

function megabytes(file: string, field: string): number {
  try {
    return (
      Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(file, "utf8"))?.[1] ?? Number.NaN) / 1024
    );
  } catch {
    return Number.NaN;
  }
}

/** Often enough for a peak of some seconds. One look takes about a millisecond. */
const LOOK_MS = 500;

/**
 * The peak of a process's proportional memory, in which a page that several processes share, such as one of Node's own code,
 * counts in part for each of them. Linux does not keep this peak.
 */
export class ProportionalPeak {
  mb = Number.NaN;

  constructor(child: ChildProcess) {
    const timer = setInterval(() => {
      const mb = megabytes(`/proc/${child.pid}/smaps_rollup`, "Pss");
      if (mb > (this.mb || 0)) this.mb = mb;
    }, LOOK_MS);
    child.once("exit", () => clearInterval(timer));
  }
}

/** Processor time of a process and its children, including those that have ended. */
function familyMs(parent: number): number {
  const own = statOf(parent);
  let ticks = 0;
  for (const index of [11, 12, 13, 14]) ticks += Number(own[index]);
  const children = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && isChild(Number(name), parent));
  return ticks * TICK_MS + children.reduce((sum, name) => sum + cpuMs(Number(name)), 0);
}

function isChild(pid: number, parent: number): boolean {
  try {
    return Number(statOf(pid)[1]) === parent;
  } catch {
    return false; // it has ended
  }
}

/** What a process has read and written with system calls: sockets, pipes and files. */
function traffic(pid: number): { readonly readBytes: number; readonly writtenBytes: number } {
  const io = readFileSync(`/proc/${pid}/io`, "utf8");
  const count = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, "m").exec(io)?.[1]);
  return { readBytes: count("rchar"), writtenBytes: count("wchar") };
}

interface Watched {
  readonly nodes: readonly number[];
  /** The process that started the database's other ones. */
  readonly database: number | null;
}

/** What nodes and their database use from now on. */
export class Usage {
  readonly #watched: Watched;
  readonly #before: ReturnType<typeof now>;

  constructor(watched: Watched) {
    this.#watched = watched;
    this.#before = now(watched);
  }

  since() {
    const after = now(this.#watched);
    const before = this.#before;
    return {
      elapsedMs: after.elapsedMs - before.elapsedMs,
      nodesMs: after.nodesMs - before.nodesMs,
      databaseMs: after.databaseMs - before.databaseMs,
      readBytes: after.readBytes - before.readBytes,
      writtenBytes: after.writtenBytes - before.writtenBytes,
    };
  }
}

function now({ nodes, database }: Watched) {
  const total = { elapsedMs: performance.now(), nodesMs: 0, databaseMs: 0, readBytes: 0, writtenBytes: 0 };
  for (const pid of nodes) {
    const { readBytes, writtenBytes } = traffic(pid);
    total.nodesMs += cpuMs(pid);
    total.readBytes += readBytes;
    total.writtenBytes += writtenBytes;
  }
  if (database !== null) total.databaseMs = familyMs(database);
  return total;
}

/** Short, so that a process that has used up its share waits some milliseconds and not a tenth of a second. */
const PERIOD_US = 10_000;
const CGROUPS = "/sys/fs/cgroup";

export interface CpuLimit extends Disposable {
  add(pid: number): void;
}

/**
 * Limits processes to a share of one core, or to several cores. They have to end before the limit is disposed.
 *
 * @throws Error without the right to create control groups, which `root` has
 */
export function newCpuLimit(name: string, cores: number): CpuLimit {
  const isFirstVersion = existsSync(`${CGROUPS}/cpu`);
  const group = path.join(CGROUPS, isFirstVersion ? "cpu" : "", `signalbox-bench-${process.pid}-${name}`);
  mkdirSync(group);
  const quota = String(Math.round(cores * PERIOD_US));
  if (isFirstVersion) {
    writeFileSync(`${group}/cpu.cfs_period_us`, String(PERIOD_US));
    writeFileSync(`${group}/cpu.cfs_quota_us`, quota);
  } else {
    writeFileSync(`${group}/cpu.max`, `${quota} ${PERIOD_US}`);
  }
  return {
    add: (pid) => writeFileSync(`${group}/cgroup.procs`, String(pid)),
    [Symbol.dispose]: () => rmdirSync(group),
  };
}

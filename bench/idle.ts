/** A server without work: its start-up time, its memory, and how often it wakes up. */
import { readdirSync, readFileSync } from "node:fs";
import type { Benchmark } from "./kit/benchmark.ts";
import { makeDataDir } from "./kit/children.ts";
import { sleep } from "./kit/clock.ts";
import { median } from "./kit/samples.ts";
import { type Signalbox, startSignalbox } from "./kit/signalbox.ts";

const STARTS = 5;
/** By then, V8 has compiled in the background what the start needs. */
const SETTLED_MS = 10_000;
const REST_SECONDS = 20;

export const idle: Benchmark = {
  name: "idle",
  about: "time from the start of the process until it listens; memory, processor time and wake-ups without work",
  async run() {
    using dataDir = makeDataDir();
    const start = () => startSignalbox({ dataDir: dataDir.path, profileDir: null });
    const startsMs: number[] = [];
    let firstMs = 0;
    let residentMb = Number.NaN;
    let rest: Rest = { cpuPercent: Number.NaN, wakeUps: Number.NaN };
    for (let count = 0; count <= STARTS; count += 1) {
      await using server = await start();
      if (count === 0) firstMs = server.startMs;
      else startsMs.push(server.startMs);
      if (count === STARTS) {
        await sleep(SETTLED_MS);
        residentMb = server.residentMb();
        rest = await measureRest(server);
      }
      await server.stop();
    }
    return [
      { name: "first start, with an empty directory", unit: "ms", value: firstMs, goal: { atMost: 1500 } },
      { name: `later start, median of ${STARTS}`, unit: "ms", value: median(startsMs), goal: { atMost: 1500 } },
      { name: "resident memory", unit: "MB", value: residentMb, goal: { atMost: 200 } },
      { name: "processor time at rest, of a core", unit: "%", value: rest.cpuPercent, goal: { atMost: 0.3 } },
      { name: "wake-ups at rest", unit: "/s", value: rest.wakeUps, goal: { atMost: 15 } },
    ];
  },
};

interface Rest {
  readonly cpuPercent: number;
  /** How often a thread of the process went to sleep, a second. */
  readonly wakeUps: number;
}

async function measureRest({ pid, cpuMs }: Signalbox): Promise<Rest> {
  const before = { cpuMs: cpuMs(), sleeps: sleepsOf(pid) };
  await sleep(REST_SECONDS * 1000);
  return {
    cpuPercent: (cpuMs() - before.cpuMs) / REST_SECONDS / 10,
    wakeUps: (sleepsOf(pid) - before.sleeps) / REST_SECONDS,
  };
}

/** From Linux: the voluntary context switches of all threads. Without /proc, `NaN`. */
function sleepsOf(pid: number): number {
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

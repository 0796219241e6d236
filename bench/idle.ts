/** A server without work: its start-up time and its memory. */
import type { Benchmark } from "./kit/benchmark.ts";
import { makeDataDir } from "./kit/children.ts";
import { sleep } from "./kit/clock.ts";
import { median } from "./kit/samples.ts";
import { startSignalbox } from "./kit/signalbox.ts";

const STARTS = 5;
/** By then, the server has run the tasks that it repeats every second. */
const SETTLED_MS = 2000;

export const idle: Benchmark = {
  name: "idle",
  about: "time from the start of the process until it listens, and resident memory without work",
  async run() {
    using dataDir = makeDataDir();
    const start = () => startSignalbox({ dataDir: dataDir.path, profileDir: null });
    const startsMs: number[] = [];
    let firstMs = 0;
    let residentMb = Number.NaN;
    for (let count = 0; count <= STARTS; count += 1) {
      await using server = await start();
      if (count === 0) firstMs = server.startMs;
      else startsMs.push(server.startMs);
      if (count === STARTS) {
        await sleep(SETTLED_MS);
        residentMb = server.residentMb();
      }
      await server.stop();
    }
    return [
      { name: "first start, with an empty directory", unit: "ms", value: firstMs, goal: { atMost: 1500 } },
      { name: `later start, median of ${STARTS}`, unit: "ms", value: median(startsMs), goal: { atMost: 1500 } },
      { name: "resident memory", unit: "MB", value: residentMb, goal: { atMost: 200 } },
    ];
  },
};

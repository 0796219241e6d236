/** A server without work: its start-up time, its memory, and how often it wakes up. */
import type { Benchmark, Measure } from "../kit/benchmark.ts";
import { makeDataDir } from "../kit/children.ts";
import { sleep } from "../kit/clock.ts";
import { wakeUps } from "../kit/cpu.ts";
import { median } from "../kit/samples.ts";
import { createEndpoint, type Signalbox, startSignalbox } from "../kit/signalbox.ts";

const STARTS = 5;
const ENDPOINTS = 1000;
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
    for (let count = 0; count < STARTS; count += 1) {
      await using server = await start();
      if (count === 0) firstMs = server.startMs;
      else startsMs.push(server.startMs);
      await server.stop();
    }
    await using server = await start();
    startsMs.push(server.startMs);
    const without = await measureRest(server);
    for (let count = 0; count < ENDPOINTS; count += 1) {
      const [name, type] = [`endpoint ${count}`, `bench.${count}`];
      await createEndpoint(server, { name, url: "http://127.0.0.1:9/", event_types: [type] });
    }
    const withEndpoints = await measureRest(server);
    return [
      { name: "first start, with an empty directory", unit: "ms", value: firstMs, goal: { atMost: 1500 } },
      { name: `later start, median of ${STARTS}`, unit: "ms", value: median(startsMs), goal: { atMost: 400 } },
      { name: "resident memory", unit: "MB", value: without.residentMb, goal: { atMost: 110 } },
      ...measuresOf("at rest", without),
      ...measuresOf(`at rest with ${ENDPOINTS} endpoints`, withEndpoints),
    ];
  },
};

function measuresOf(name: string, { cpuPercent, wakeUpsPerSecond }: Rest): readonly Measure[] {
  return [
    { name: `${name}: processor time, of a core`, unit: "%", value: cpuPercent, goal: { atMost: 0.3 } },
    { name: `${name}: wake-ups`, unit: "/s", value: wakeUpsPerSecond, goal: { atMost: 15 } },
  ];
}

interface Rest {
  readonly residentMb: number;
  readonly cpuPercent: number;
  readonly wakeUpsPerSecond: number;
}

async function measureRest(server: Signalbox): Promise<Rest> {
  await sleep(SETTLED_MS);
  const residentMb = server.residentMb();
  const before = { cpuMs: server.cpuMs(), wakeUps: wakeUps(server.pid) };
  await sleep(REST_SECONDS * 1000);
  return {
    residentMb,
    cpuPercent: (server.cpuMs() - before.cpuMs) / REST_SECONDS / 10,
    wakeUpsPerSecond: (wakeUps(server.pid) - before.wakeUps) / REST_SECONDS,
  };
}

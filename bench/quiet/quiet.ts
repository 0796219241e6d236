/**
 * What an event costs while few are published, compared with full load.
 *
 * The two loads take turns, and so does the bare server of `raw-server.ts`. Its ratio shows how much of the difference
 * is the machine's: caches that other programs use in between, and a system call for each packet.
 */
import type { Benchmark, Measure } from "../kit/benchmark.ts";
import { cpuMs, wakeUps } from "../kit/cpu.ts";
import { measurePublishing, type Published, type Publishing } from "../kit/publishing.ts";
import { type Receiver, startReceiver } from "../kit/receiving.ts";
import { singly } from "../kit/requests.ts";
import { median } from "../kit/samples.ts";
import { createEndpoints, startSignalbox } from "../kit/signalbox.ts";
import { inTurn } from "../kit/turns.ts";
import { startRawServer } from "../raw.ts";

const QUIET = { connections: 8, ratePerSecond: 250 };
const FULL = { connections: 64, ratePerSecond: null };
const ROUNDS = 3;
/** The time from the start of a turn's load until its measurement begins. */
const TURN_WARM_UP_US = 300_000;

interface Turn extends Published {
  /** Of all threads of the server, per event that arrived. */
  readonly cpuUs: number;
  readonly wakeUps: number;
}

type Target = Pick<Publishing, "port" | "next" | "receiver"> & { readonly pid: number };

export const quiet: Benchmark = {
  name: "quiet",
  about: `${QUIET.ratePerSecond} single events a second over ${QUIET.connections} connections, in turn with full load`,
  async run({ seconds, profileDir, note }) {
    await using receiver = await startReceiver();
    await using server = await startSignalbox({ profileDir });
    const types = await createEndpoints(server, receiver.url("accept"));
    const target = { receiver, pid: server.pid, port: server.port, next: singly(server, types) };
    note("Signalbox");
    const [own, full] = await bothLoads(target, seconds);
    await server.stop();
    note("the raw limit");
    const [raw, rawFull] = await bothOfRaw(receiver, seconds);
    const all = [...own, ...full];
    return [
      ...measuresOf("quiet", own),
      ...measuresOf("full load", full),
      ratio("quiet ÷ full load: processor", own, full, { atMost: 2 }),
      ratio("raw limit, quiet ÷ full load: processor", raw, rawFull),
      { name: "raw limit, quiet: processor, µs an event", unit: "", value: medianOf(raw, "cpuUs") },
      { name: "missing", unit: "", value: all.reduce((sum, { missing }) => sum + missing, 0), goal: { atMost: 0 } },
    ];
  },
};

async function bothOfRaw(receiver: Receiver, seconds: number) {
  await using raw = await startRawServer(receiver);
  return await bothLoads({ ...raw, receiver }, seconds);
}

async function bothLoads(target: Target, seconds: number): Promise<[quiet: readonly Turn[], full: readonly Turn[]]> {
  // A new server first compiles its code under full load.
  await measurePublishing({ ...target, ...FULL, seconds, events: 1 });
  const { quiet, full } = await inTurn(ROUNDS, {
    quiet: () => measureTurn(target, { ...QUIET, seconds }),
    full: () => measureTurn(target, { ...FULL, seconds: Math.min(seconds, 2) }),
  });
  return [quiet, full];
}

async function measureTurn(
  { pid, ...target }: Target,
  load: Pick<Publishing, "connections" | "ratePerSecond" | "seconds">,
): Promise<Turn> {
  const before = { cpuMs: cpuMs(pid), wakeUps: wakeUps(pid) };
  const published = await measurePublishing({ ...target, ...load, warmUpUs: TURN_WARM_UP_US, events: 1 });
  return {
    ...published,
    cpuUs: ((cpuMs(pid) - before.cpuMs) * 1000) / published.received,
    wakeUps: (wakeUps(pid) - before.wakeUps) / published.received,
  };
}

function measuresOf(name: string, turns: readonly Turn[]): readonly Measure[] {
  return [
    { name: `${name}: accepted`, unit: "/s", value: medianOf(turns, "acceptedPerSecond") },
    { name: `${name}: processor, µs an event`, unit: "", value: medianOf(turns, "cpuUs") },
    { name: `${name}: wake-ups an event`, unit: "×", value: medianOf(turns, "wakeUps") },
    { name: `${name}: p50 of the 202`, unit: "ms", value: medianOf(turns, "answerP50Ms") },
    { name: `${name}: p99 of the 202`, unit: "ms", value: medianOf(turns, "answerP99Ms") },
    { name: `${name}: p50 to receipt`, unit: "ms", value: medianOf(turns, "receiptP50Ms") },
  ];
}

function medianOf(turns: readonly Turn[], of: keyof Turn): number {
  return median(turns.map((turn) => turn[of]));
}

/** Each turn is compared with the next one of the other load. */
function ratio(name: string, low: readonly Turn[], high: readonly Turn[], goal?: Measure["goal"]): Measure {
  const value = median(low.map(({ cpuUs }, index) => cpuUs / (high[index]?.cpuUs ?? Number.NaN)));
  return { name, unit: "×", value, ...(goal && { goal }) };
}

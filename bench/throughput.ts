/** Publishes single events over 64 connections: at full load, compared with the raw limit, and then at half load. */
import type { Benchmark, Measure } from "./kit/benchmark.ts";
import { mainThreadMs } from "./kit/cpu.ts";
import { measurePublishing, type Published } from "./kit/publishing.ts";
import { type Receiver, startReceiver } from "./kit/receiving.ts";
import { singly } from "./kit/requests.ts";
import { createEndpoints, startSignalbox } from "./kit/signalbox.ts";
import { databaseProcess } from "./postgres/database.ts";
import { startRawServer } from "./raw.ts";

const CONNECTIONS = 64;

export const throughput: Benchmark = {
  name: "throughput",
  about: "single events of 300 bytes over 64 connections, each to one of 8 endpoints",
  async run({ seconds, profileDir, note }) {
    await using receiver = await startReceiver();
    note("the raw limit");
    const raw = profileDir === null ? await measureRaw(receiver, seconds) : null;
    await using server = await startSignalbox({ profileDir });
    const types = await createEndpoints(server, receiver.url("accept"));
    const load = { port: server.port, receiver, connections: CONNECTIONS, seconds, events: 1 };
    note("full load");
    const startedMs = mainThreadMs(server.pid);
    const full = await measurePublishing({ ...load, next: singly(server, types), ratePerSecond: null });
    const mainMs = mainThreadMs(server.pid) - startedMs;
    note("half load");
    const ratePerSecond = full.acceptedPerSecond / 2;
    const half = await measurePublishing({ ...load, next: singly(server, types), ratePerSecond });
    const peakMb = server.peakMb();
    const proportionalMb = server.proportionalPeakMb();
    await server.stop();
    const onPostgres = databaseProcess() !== null;
    const received = full.received + half.received;
    return [
      ...atFullLoad(full),
      { name: "raw limit", unit: "/s", value: raw?.deliveredPerSecond ?? Number.NaN },
      {
        name: "delivered ÷ raw limit",
        unit: "×",
        value: raw === null ? Number.NaN : full.deliveredPerSecond / raw.deliveredPerSecond,
        goal: { atLeast: onPostgres ? 0.2 : 0.6 },
      },
      { name: "main thread, µs a delivery", unit: "", value: (mainMs * 1000) / full.received, goal: { atMost: 55 } },
      ...atHalfLoad(half, full, onPostgres ? 40 : 25),
      { name: "peak memory", unit: "MB", value: peakMb, goal: { atMost: 220 } },
      { name: "peak memory, proportional", unit: "MB", value: proportionalMb },
      {
        name: "stored per delivered event",
        unit: "bytes",
        value: (await server.storedBytes()) / received,
        goal: { atMost: 1536 },
      },
      ...(await server.largestTables()).flatMap(({ name, rowsBytes, indexesBytes }): Measure[] => [
        { name: `stored in ${name}`, unit: "bytes", value: rowsBytes / received },
        { name: `stored in indexes of ${name}`, unit: "bytes", value: indexesBytes / received },
      ]),
      { name: "refused", unit: "", value: full.refused + half.refused },
      { name: "repeated", unit: "", value: full.repeats + half.repeats },
      { name: "missing", unit: "", value: full.missing + half.missing, goal: { atMost: 0 } },
    ];
  },
};

function atFullLoad(full: Published): readonly Measure[] {
  return [
    { name: "accepted", unit: "/s", value: full.acceptedPerSecond },
    { name: "delivered", unit: "/s", value: full.deliveredPerSecond },
    { name: "p50 of the 202", unit: "ms", value: full.answerP50Ms },
    { name: "p99 of the 202", unit: "ms", value: full.answerP99Ms },
    { name: "p50 to receipt", unit: "ms", value: full.receiptP50Ms },
    { name: "p99 to receipt", unit: "ms", value: full.receiptP99Ms },
  ];
}

function atHalfLoad(half: Published, full: Published, p99MsMax: number): readonly Measure[] {
  return [
    { name: "half load: accepted", unit: "/s", value: half.acceptedPerSecond },
    { name: "half load: p50 of the 202", unit: "ms", value: half.answerP50Ms },
    { name: "half load: p99 of the 202", unit: "ms", value: half.answerP99Ms, goal: { atMost: p99MsMax } },
    {
      name: "half ÷ full load: p50 of the 202",
      unit: "×",
      value: half.answerP50Ms / full.answerP50Ms,
      goal: { atMost: 0.15 },
    },
    {
      name: "half ÷ full load: p99 of the 202",
      unit: "×",
      value: half.answerP99Ms / full.answerP99Ms,
      goal: { atMost: 0.5 },
    },
    { name: "half load: p50 to receipt", unit: "ms", value: half.receiptP50Ms },
    { name: "half load: p99 to receipt", unit: "ms", value: half.receiptP99Ms },
  ];
}

/** The same load, connections, receiver and bytes, with the bare server of `raw-server.ts`. */
async function measureRaw(receiver: Receiver, seconds: number): Promise<Published> {
  await using raw = await startRawServer(receiver);
  const { port, next } = raw;
  return await measurePublishing({
    port,
    receiver,
    connections: CONNECTIONS,
    next,
    seconds,
    ratePerSecond: null,
    events: 1,
  });
}

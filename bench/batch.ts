/** Publishes batches of 100 events over 8 connections, compared with single events on another server. */
import type { Benchmark } from "./kit/benchmark.ts";
import { measurePublishing, type Published } from "./kit/publishing.ts";
import { startReceiver } from "./kit/receiving.ts";
import { inBatches, type NextRequest, singly } from "./kit/requests.ts";
import { createEndpoints, type Signalbox, startSignalbox } from "./kit/signalbox.ts";

const EVENTS_EACH = 100;

interface Way {
  readonly connections: number;
  readonly events: number;
  readonly next: (server: Signalbox, types: readonly string[]) => NextRequest;
}

const SINGLY: Way = { connections: 64, events: 1, next: singly };
const BATCHED: Way = {
  connections: 8,
  events: EVENTS_EACH,
  next: (server, types) =>
    inBatches(server, { eventsEach: EVENTS_EACH, typeOf: (seq) => types[seq % types.length] ?? "" }),
};

export const batch: Benchmark = {
  name: "batch",
  about: "batches of 100 events of 300 bytes over 8 connections, each event to one of 8 endpoints",
  async run({ seconds, profileDir, note }) {
    note("one by one");
    const single = await measure(SINGLY, seconds, null);
    note("in batches");
    const batched = await measure(BATCHED, seconds, profileDir);
    return [
      { name: "accepted", unit: "/s", value: batched.acceptedPerSecond },
      { name: "delivered", unit: "/s", value: batched.deliveredPerSecond },
      { name: "one by one: delivered", unit: "/s", value: single.deliveredPerSecond },
      {
        name: "delivered ÷ one by one",
        unit: "×",
        value: batched.deliveredPerSecond / single.deliveredPerSecond,
        goal: { atLeast: 1.3 },
      },
      { name: "p50 of the 202", unit: "ms", value: batched.answerP50Ms },
      { name: "p99 of the 202", unit: "ms", value: batched.answerP99Ms },
      { name: "p99 to receipt", unit: "ms", value: batched.receiptP99Ms },
      { name: "peak memory", unit: "MB", value: batched.peakMb },
      { name: "refused", unit: "", value: batched.refused },
      { name: "missing", unit: "", value: batched.missing, goal: { atMost: 0 } },
    ];
  },
};

async function measure(
  { connections, events, next }: Way,
  seconds: number,
  profileDir: string | null,
): Promise<Published & { readonly peakMb: number }> {
  await using receiver = await startReceiver();
  await using server = await startSignalbox({ profileDir });
  const types = await createEndpoints(server, receiver.url("accept"));
  const published = await measurePublishing({
    port: server.port,
    receiver,
    connections,
    next: next(server, types),
    seconds,
    ratePerSecond: null,
    events,
  });
  const peakMb = server.peakMb();
  await server.stop();
  return { ...published, peakMb };
}

/** A million deliveries are held for a paused endpoint, and then released. */
import type { Benchmark } from "./kit/benchmark.ts";
import { nowUs } from "./kit/clock.ts";
import { runLoad, untilAllIsSent } from "./kit/load.ts";
import { type Receiver, startReceiver } from "./kit/receiving.ts";
import { inBatches } from "./kit/requests.ts";
import { createEndpoint, type Signalbox, startSignalbox } from "./kit/signalbox.ts";

const DELIVERIES = 1_000_000;
const TYPE = "bench.held";
const CONNECTIONS = 8;
const EVENTS_EACH = 100;
/** The rates of the first and the last tenth of the backlog are compared. */
const PART = 0.1;
const STALLED_MS = 15_000;

export const backlog: Benchmark = {
  name: "backlog",
  about: "deliveries held for one paused endpoint (batches of 100 over 8 connections), and then released",
  async run({ scale, profileDir, note }) {
    const total = Math.round((DELIVERIES * scale) / EVENTS_EACH) * EVENTS_EACH;
    const part = Math.round((total * PART) / EVENTS_EACH) * EVENTS_EACH;
    await using receiver = await startReceiver();
    await using server = await startSignalbox({ profileDir });
    const id = await createEndpoint(server, { name: "held", url: receiver.url("accept"), event_types: [TYPE] });
    const pauseMs = await changeStatus(server, id, "PAUSED");
    note(`holding ${total.toLocaleString("en")} deliveries`);
    const first = await ingest(server, part);
    await ingest(server, total - 2 * part);
    const last = await ingest(server, part);
    const heldPeakMb = server.peakMb();
    note("releasing them");
    const drained = await drain(server, receiver, { id, total });
    const peakMb = server.peakMb();
    if (profileDir !== null) await server.stop();
    return [
      { name: "deliveries", unit: "", value: total },
      { name: `ingest, first ${part.toLocaleString("en")}`, unit: "/s", value: first },
      { name: `ingest, last ${part.toLocaleString("en")}`, unit: "/s", value: last },
      { name: "ingest, last ÷ first", unit: "×", value: last / first },
      { name: "pause", unit: "ms", value: pauseMs, goal: { atMost: 100 } },
      { name: "resume", unit: "ms", value: drained.resumeMs, goal: { atMost: 100 } },
      { name: "drained", unit: "/s", value: drained.perSecond },
      { name: "missing", unit: "", value: total - drained.received, goal: { atMost: 0 } },
      { name: "repeated", unit: "", value: drained.repeats },
      { name: "peak memory, held", unit: "MB", value: heldPeakMb },
      { name: "peak memory", unit: "MB", value: peakMb, goal: { atMost: 250 } },
      { name: "peak memory, proportional", unit: "MB", value: server.proportionalPeakMb() },
    ];
  },
};

/** Returns the accepted events per second. */
async function ingest(server: Signalbox, events: number): Promise<number> {
  const startUs = nowUs();
  const next = inBatches(server, { eventsEach: EVENTS_EACH, events, typeOf: () => TYPE });
  const { port } = server;
  const loaded = await runLoad({ port, connections: CONNECTIONS, next, ratePerSecond: null, window: untilAllIsSent() });
  if (loaded.refused > 0) throw new Error(`${loaded.refused} batches were refused`);
  return (events / (nowUs() - startUs)) * 1e6;
}

async function changeStatus(server: Signalbox, id: string, status: "ACTIVE" | "PAUSED"): Promise<number> {
  const startUs = nowUs();
  await server.call("PATCH", `/v1/endpoints/${id}`, { status });
  return (nowUs() - startUs) / 1000;
}

async function drain(server: Signalbox, receiver: Receiver, { id, total }: { id: string; total: number }) {
  await receiver.begin(untilAllIsSent());
  const startUs = nowUs();
  const resumeMs = await changeStatus(server, id, "ACTIVE");
  const received = await receiver.arrived(total, STALLED_MS);
  const stalledUs = received < total ? STALLED_MS * 1000 : 0;
  const perSecond = (received / (nowUs() - startUs - stalledUs)) * 1e6;
  return { resumeMs, received, perSecond, repeats: (await receiver.report()).repeats };
}

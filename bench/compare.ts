/**
 * Compares the server of this checkout with the server of another one, in short turns on the same machine. Use it to see
 * how much a change costs.
 *
 * Both servers run all the time, and each load alternates between them. The speed of a shared machine changes from minute
 * to minute, so each turn is compared only with the neighbouring turn of the other server. Look at the medians of these
 * ratios. Processor time per event depends least on the other work of the machine.
 */
import type { Benchmark, Measure, Settings } from "./kit/benchmark.ts";
import { nowUs } from "./kit/clock.ts";
import { runLoad, untilAllIsSent } from "./kit/load.ts";
import { measurePublishing } from "./kit/publishing.ts";
import { type Receiver, startReceiver } from "./kit/receiving.ts";
import { inBatches, singly } from "./kit/requests.ts";
import { median } from "./kit/samples.ts";
import { createEndpoint, createEndpoints, type Signalbox, startSignalbox } from "./kit/signalbox.ts";
import { createWays, inEachWay, SOURCE_EVENT_TYPES } from "./kit/sources.ts";

/** The turns of each server for each load. The number is odd, so that the median is one of the turns. */
const TURNS = 11;
/** Earlier turns, which are not measured, in which V8 compiles the code. */
const WARM_UP_TURNS = 2;
/** The time from the start of a turn's load until its measurement begins. */
const TURN_WARM_UP_US = 300_000;
const EVENTS_EACH = 100;
const MODEST_PER_SECOND = 400;
const BACKLOG_EVENTS = 10_000;
const HELD_TYPE = "bench.held";
const STALLED_MS = 5000;

/** The result of one turn of one server. */
interface Turn {
  readonly perSecond: number;
  readonly receiptP99Ms: number;
  /** Processor time of all threads of the server, per event that arrived. */
  readonly cpuUs: number;
}

/** One load on one of the servers. */
type Load = () => Promise<Turn>;

export const compare: Benchmark = {
  name: "compare",
  about: `this server (head) and the one of --against (base) in ${TURNS} turns each; ratios are head ÷ base`,
  once: true,
  async run(settings) {
    const { against } = settings;
    if (against === null) throw new Error("compare needs --against DIR, another checkout with its packages installed");
    await using receiver = await startReceiver();
    await using head = await startSignalbox({ profileDir: null });
    await using base = await startSignalbox({ profileDir: null, root: against });
    const headLoads = await loadsOn(head, receiver, settings);
    const baseLoads = await loadsOn(base, receiver, settings);
    const measures: Measure[] = [];
    for (const name of Object.keys(headLoads) as (keyof typeof headLoads)[]) {
      settings.note(name);
      measures.push(...(await inPairs(name, headLoads[name], baseLoads[name])));
    }
    return [...measures, ...memory(head, base)];
  },
};

async function loadsOn(server: Signalbox, receiver: Receiver, { seconds }: Settings) {
  const types = await createEndpoints(server, receiver.url("accept"));
  const held = await createEndpoint(server, { name: "held", url: receiver.url("accept"), event_types: [HELD_TYPE] });
  await createEndpoint(server, { name: "all", url: receiver.url("accept"), event_types: SOURCE_EVENT_TYPES });
  const inbound = inEachWay(await createWays(server));
  const typeOf = (seq: number): string => types[seq % types.length] ?? "";
  const publish = { port: server.port, receiver, seconds, warmUpUs: TURN_WARM_UP_US, ratePerSecond: null, events: 1 };
  const published = (load: Parameters<typeof measurePublishing>[0]): Load => {
    return async () => {
      const cpuMs = server.cpuMs();
      const { deliveredPerSecond, receiptP99Ms, received } = await measurePublishing(load);
      return { perSecond: deliveredPerSecond, receiptP99Ms, cpuUs: ((server.cpuMs() - cpuMs) * 1000) / received };
    };
  };
  return {
    "one by one": published({ ...publish, connections: 64, next: singly(server, types) }),
    [`${MODEST_PER_SECOND} a second`]: published({
      ...publish,
      connections: 64,
      next: singly(server, types),
      ratePerSecond: MODEST_PER_SECOND,
    }),
    "in batches": published({
      ...publish,
      connections: 8,
      events: EVENTS_EACH,
      next: inBatches(server, { eventsEach: EVENTS_EACH, typeOf }),
    }),
    inbound: published({ ...publish, connections: 50, acceptedStatus: 200, next: inbound }),
    "a backlog, resumed": () => drain(server, receiver, held),
  };
}

/** Holds a backlog for one endpoint, and then releases it. */
async function drain(server: Signalbox, receiver: Receiver, id: string): Promise<Turn> {
  await server.call("PATCH", `/v1/endpoints/${id}`, { status: "PAUSED" });
  const next = inBatches(server, { eventsEach: EVENTS_EACH, events: BACKLOG_EVENTS, typeOf: () => HELD_TYPE });
  await runLoad({ port: server.port, connections: 8, next, ratePerSecond: null, window: untilAllIsSent() });
  await receiver.begin(untilAllIsSent());
  const startUs = nowUs();
  const cpuMs = server.cpuMs();
  await server.call("PATCH", `/v1/endpoints/${id}`, { status: "ACTIVE" });
  const received = await receiver.arrived(BACKLOG_EVENTS, STALLED_MS);
  const tookUs = nowUs() - startUs;
  return {
    perSecond: (received * 1e6) / tookUs,
    receiptP99Ms: Number.NaN,
    cpuUs: ((server.cpuMs() - cpuMs) * 1000) / received,
  };
}

/** Runs the two servers in turn. The one that goes first changes each time. */
async function inPairs(name: string, head: Load, base: Load): Promise<readonly Measure[]> {
  const pairs: (readonly [head: Turn, base: Turn])[] = [];
  for (let turn = 0; turn < WARM_UP_TURNS + TURNS; turn += 1) {
    const before = turn % 2 === 0 ? null : await base();
    const mine = await head();
    const other = before ?? (await base());
    if (turn >= WARM_UP_TURNS) pairs.push([mine, other]);
  }
  return [
    ...measuresOf(`${name}: delivered`, "/s", pairs, ({ perSecond }) => perSecond),
    ...measuresOf(`${name}: processor, µs an event`, "", pairs, ({ cpuUs }) => cpuUs),
    ...measuresOf(`${name}: p99 to receipt`, "ms", pairs, ({ receiptP99Ms }) => receiptP99Ms),
  ];
}

function measuresOf(
  name: string,
  unit: Measure["unit"],
  pairs: readonly (readonly [Turn, Turn])[],
  of: (turn: Turn) => number,
): readonly Measure[] {
  const values = pairs.map(([head, base]) => [of(head), of(base)] as const);
  if (values.some(([head, base]) => Number.isNaN(head + base))) return [];
  return [
    { name: `${name}, base`, unit, value: median(values.map(([, base]) => base)) },
    { name: `${name}, head`, unit, value: median(values.map(([head]) => head)) },
    { name: `${name}, head ÷ base`, unit: "×", value: median(values.map(([head, base]) => head / base)) },
  ];
}

function memory(head: Signalbox, base: Signalbox): readonly Measure[] {
  return [
    { name: "peak memory, base", unit: "MB", value: base.peakMb() },
    { name: "peak memory, head", unit: "MB", value: head.peakMb() },
  ];
}

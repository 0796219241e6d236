/**
 * One node and then two on one PostgreSQL server, each publishing and delivering as fast as it can. With all processes on
 * two cores, the processor is the limit, whatever the number of nodes. So a second part gives each node a share of a
 * core: the nodes are then the limit, as they are on machines of their own.
 */
import type { Benchmark, Measure } from "../kit/benchmark.ts";
import { makeDataDir } from "../kit/children.ts";
import { newCpuLimit, Usage } from "../kit/cpu.ts";
import { runLoad, windowOf } from "../kit/load.ts";
import { type Receiver, startReceiver } from "../kit/receiving.ts";
import { singly } from "../kit/requests.ts";
import { createEndpoint, type Signalbox, startSignalbox } from "../kit/signalbox.ts";
import { databaseProcess, databaseWalBytes } from "./database.ts";

/** So many that each node has enough to do while another one writes. */
const CONNECTIONS_OF_NODE = 256;
/** Deliveries do not wait for a place in flight, which is divided by the number of nodes. */
const MAX_IN_FLIGHT = 256;
const TYPES = ["bench.0", "bench.1", "bench.2", "bench.3", "bench.4", "bench.5", "bench.6", "bench.7"];
/** Two nodes with so much, the database, the load generator and the receiver share two cores. */
const CORES_OF_NODE = 0.3;
/** If nothing arrives for this long, the rest of the accepted events counts as missing. */
const STALLED_MS = 5000;

export const nodes: Benchmark = {
  name: "nodes",
  about: "one node and two nodes on one PostgreSQL server; needs --store postgres",
  async run({ seconds, note }) {
    if (databaseProcess() === null) return [];
    await using receiver = await startReceiver();
    const measures: Measure[] = [];
    for (const cores of [null, CORES_OF_NODE]) {
      const rates: number[] = [];
      for (const count of [1, 2]) {
        note(`${count} of ${cores ?? "any number of"} cores`);
        const ran = await measureNodes({ receiver, count, cores, seconds });
        rates.push(ran.deliveredPerSecond);
        measures.push(...ran.measures);
      }
      const [one = Number.NaN, two = Number.NaN] = rates;
      measures.push({
        name: `${named(2, cores)} ÷ one`,
        unit: "×",
        value: two / one,
        ...(cores !== null && { goal: { atLeast: 1.2 } }),
      });
    }
    return measures;
  },
};

const named = (count: number, cores: number | null): string =>
  `${count === 1 ? "one node" : "two nodes"}${cores === null ? "" : `, ${cores} cores each`}`;

interface Run {
  readonly receiver: Receiver;
  readonly count: number;
  /** The share of the machine that a node gets. Null: as much as there is. */
  readonly cores: number | null;
  readonly seconds: number;
}

async function measureNodes({ receiver, count, cores, seconds }: Run) {
  using dataDir = makeDataDir();
  await using stack = new AsyncDisposableStack();
  const started: Signalbox[] = [];
  for (let index = 0; index < count; index += 1) {
    const limit = cores === null ? null : stack.use(newCpuLimit(`${count}-${index}`, cores));
    const node = stack.use(await startSignalbox({ profileDir: null, dataDir: dataDir.path }));
    limit?.add(node.pid);
    started.push(node);
  }
  const [first] = started;
  if (first === undefined) throw new Error("there is no node");
  for (const type of TYPES) {
    const url = receiver.url("accept");
    await createEndpoint(first, { name: type, url, event_types: [type], max_in_flight: MAX_IN_FLIGHT });
  }
  const window = windowOf(seconds);
  await receiver.begin(window);
  const usage = new Usage({ nodes: started.map(({ pid }) => pid), database: databaseProcess() });
  const walBefore = await databaseWalBytes(dataDir.path);
  const load = { connections: CONNECTIONS_OF_NODE, ratePerSecond: null, window };
  const loads = await Promise.all(
    started.map((node) => runLoad({ ...load, port: node.port, next: singly(node, TYPES) })),
  );
  const accepted = loads.reduce((sum, each) => sum + each.accepted, 0);
  await receiver.arrived(accepted, STALLED_MS);
  const { distinct, distinctInWindow, receiptP99Ms } = await receiver.report();
  const used = usage.since();
  const name = named(count, cores);
  const each = (what: string, unit: Measure["unit"], total: number): Measure => ({
    name: `${name}: ${what} per delivery`,
    unit,
    value: total / distinct,
  });
  const deliveredPerSecond = distinctInWindow / seconds;
  const measures: Measure[] = [
    { name: `${name}: delivered`, unit: "/s", value: deliveredPerSecond },
    { name: `${name}: p99 to receipt`, unit: "ms", value: receiptP99Ms },
    each("processor time of the nodes", "ms", used.nodesMs),
    each("processor time of the database", "ms", used.databaseMs),
    { name: `${name}: busy cores of the database`, unit: "×", value: used.databaseMs / used.elapsedMs },
    each("write-ahead log", "bytes", (await databaseWalBytes(dataDir.path)) - walBefore),
    each("read by the nodes", "bytes", used.readBytes),
    each("written by the nodes", "bytes", used.writtenBytes),
    { name: `${name}: missing`, unit: "", value: accepted - distinct, goal: { atMost: 0 } },
  ];
  return { deliveredPerSecond, measures };
}

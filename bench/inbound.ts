/**
 * Inbound webhooks: how soon each is on disk, whether any is lost when the server is killed, and how much forged ones
 * slow down deliveries (see inbound-flood.ts).
 */
import { measureFloods, measureStored } from "./inbound-flood.ts";
import { overConnections } from "./kit/asking.ts";
import type { Benchmark, Goal, Measure, Settings } from "./kit/benchmark.ts";
import { makeDataDir } from "./kit/children.ts";
import { nowUs, sleep } from "./kit/clock.ts";
import { Connection } from "./kit/connection.ts";
import { untilAllIsSent } from "./kit/load.ts";
import { measurePublishing, type Published } from "./kit/publishing.ts";
import { type Receiver, startReceiver } from "./kit/receiving.ts";
import { getText } from "./kit/requests.ts";
import { median } from "./kit/samples.ts";
import { createEndpoint, type Signalbox, startSignalbox } from "./kit/signalbox.ts";
import { createWays, inEachWay, SOURCE_EVENT_TYPES, totalOf, type Way } from "./kit/sources.ts";
import { inTurn } from "./kit/turns.ts";

const CONNECTIONS = 50;
const RESPONSE_P99_MS_MAX = 20;
const KILL_AFTER_MS = 3000;
/** How often each load is measured. The loads take turns, and the table shows medians. */
const ROUNDS = 3;
/** If nothing arrives for this long, the rest counts as missing. */
const STALLED_MS = 5000;

export const inbound: Benchmark = {
  name: "inbound",
  about:
    `webhooks of three sources over ${CONNECTIONS} connections, delivered to one endpoint; then publishing at full load, ` +
    "alone and during floods of forged webhooks",
  once: true,
  async run(settings) {
    await using receiver = await startReceiver();
    return [
      ...(await measureReceiving(receiver, settings)),
      ...(await measureKilled(receiver, settings)),
      ...(await measureFloods(receiver, settings)),
      ...(await measureStored(settings)),
    ];
  },
};

async function createSubscriber(server: Signalbox, receiver: Receiver): Promise<void> {
  await createEndpoint(server, { name: "all", url: receiver.url("accept"), event_types: SOURCE_EVENT_TYPES });
}

// ── Genuine webhooks ────────────────────────────────────────────────────────────────────────────────────────────────

async function measureReceiving(receiver: Receiver, settings: Settings): Promise<readonly Measure[]> {
  const { seconds, ratePerSecond, profileDir, note } = settings;
  await using server = await startSignalbox({ profileDir });
  await createSubscriber(server, receiver);
  const next = inEachWay(await createWays(server));
  const load = { port: server.port, receiver, connections: CONNECTIONS, next, seconds, events: 1, acceptedStatus: 200 };
  const at = (name: string, rate: number | null) => () => {
    note(name);
    return measurePublishing({ ...load, ratePerSecond: rate });
  };
  const { steady, full } = await inTurn(ROUNDS, {
    steady: at(`${ratePerSecond} per second`, ratePerSecond),
    full: at("as fast as the server answers", null),
  });
  const peakMb = server.peakMb();
  await server.stop();
  const total = (count: (published: Published) => number): number =>
    [...steady, ...full].reduce((sum, published) => sum + count(published), 0);
  return [
    ...receivedMeasures("fixed rate", steady, { atMost: RESPONSE_P99_MS_MAX }),
    ...receivedMeasures("full rate", full),
    { name: "peak memory", unit: "MB", value: peakMb },
    { name: "refused", unit: "", value: total(({ refused }) => refused), goal: { atMost: 0 } },
    { name: "notifications repeated", unit: "", value: total(({ repeats }) => repeats) },
    { name: "notifications missing", unit: "", value: total(({ missing }) => missing), goal: { atMost: 0 } },
  ];
}

function receivedMeasures(name: string, turns: readonly Published[], goal?: Goal): readonly Measure[] {
  const of = (value: (published: Published) => number): number => median(turns.map(value));
  return [
    { name: `${name}: received`, unit: "/s", value: of(({ acceptedPerSecond }) => acceptedPerSecond) },
    { name: `${name}: notified`, unit: "/s", value: of(({ deliveredPerSecond }) => deliveredPerSecond) },
    { name: `${name}: p50 of the 200`, unit: "ms", value: of(({ answerP50Ms }) => answerP50Ms) },
    { name: `${name}: p99 of the 200`, unit: "ms", value: of(({ answerP99Ms }) => answerP99Ms), ...(goal && { goal }) },
    { name: `${name}: p50 to the notification's receipt`, unit: "ms", value: of(({ receiptP50Ms }) => receiptP50Ms) },
    { name: `${name}: p99 to the notification's receipt`, unit: "ms", value: of(({ receiptP99Ms }) => receiptP99Ms) },
  ];
}

// ── A killed server ─────────────────────────────────────────────────────────────────────────────────────────────────

/** Kills the server under full load, and sends unanswered webhooks again, as any sender does. */
async function measureKilled(receiver: Receiver, { note }: Settings): Promise<readonly Measure[]> {
  using dataDir = makeDataDir();
  const sent = new Sent();
  let ways: readonly Way[];
  await receiver.begin(untilAllIsSent());
  {
    await using server = await startSignalbox({ dataDir: dataDir.path, profileDir: null });
    await createSubscriber(server, receiver);
    ways = await createWays(server);
    const sending = sent.sendUntilLost(server, ways);
    note(`killing the server after ${KILL_AFTER_MS / 1000} s`);
    await sleep(KILL_AFTER_MS);
    await server[Symbol.asyncDispose]();
    await sending;
  }
  const answered = sent.records.length;
  const unanswered = sent.unanswered.size;
  await using server = await startSignalbox({ dataDir: dataDir.path, profileDir: null });
  const missing = await countMissing(server, sent.records);
  await sent.sendAgain(server);
  const requests = answered + unanswered;
  const notified = await receiver.arrived(requests, STALLED_MS);
  return [
    { name: "killed: answered before the kill", unit: "", value: answered },
    { name: "killed: answered without a record", unit: "", value: missing, goal: { atMost: 0 } },
    { name: "killed: unanswered, and sent again", unit: "", value: unanswered },
    differing("killed: records too many or too few", requests, await countRecords(server, ways)),
    differing("killed: deliveries too many or too few", requests, await countDeliveries(server)),
    { name: "killed: notifications missing", unit: "", value: requests - notified, goal: { atMost: 0 } },
  ];
}

const differing = (name: string, expected: number, there: number): Measure => ({
  name,
  unit: "",
  value: Math.abs(there - expected),
  goal: { atMost: 0 },
});

const RECORD_ID = /"(?:webhook_event_id|inbound_event_id)":"([^"]+)"/;

/** The webhooks that were sent to the server until it was killed. */
class Sent {
  /** The paths of the records of webhooks that were answered 200. */
  readonly records: string[] = [];
  readonly unanswered = new Set<string>();
  #turn = 0;

  sendUntilLost(server: Signalbox, ways: readonly Way[]): Promise<void> {
    return overConnections(server, CONNECTIONS, async (connection) => {
      const way = ways[this.#turn++ % ways.length];
      const request = way?.next(nowUs()) ?? "";
      this.unanswered.add(request);
      const answer = await connection.ask(request).catch(() => null);
      if (answer === null) return "last";
      const id = RECORD_ID.exec(answer.body)?.[1];
      if (answer.status !== 200 || id === undefined) throw new Error(`refused: ${answer.status} ${answer.body}`);
      this.unanswered.delete(request);
      this.records.push(`${way?.records}/${id}`);
      return "again";
    });
  }

  async sendAgain({ port }: Signalbox): Promise<void> {
    const connection = await Connection.open(port);
    for (const request of this.unanswered) {
      // Its Host header has the port of the killed server, which the server ignores.
      const { status, body } = await connection.ask(request);
      if (status !== 200) throw new Error(`refused when sent again: ${status} ${body}`);
    }
    connection.close();
  }
}

async function countMissing(server: Signalbox, records: readonly string[]): Promise<number> {
  const left = [...records];
  let missing = 0;
  await overConnections(server, CONNECTIONS, async (connection) => {
    const path = left.pop();
    if (path === undefined) return "last";
    const { status } = await connection.ask(getText(server, path));
    if (status !== 200) missing += 1;
    return "again";
  });
  return missing;
}

async function countRecords(server: Signalbox, ways: readonly Way[]): Promise<number> {
  let total = 0;
  for (const records of new Set(ways.map((way) => way.records))) total += await totalOf(server, `${records}?limit=1`);
  return total;
}

async function countDeliveries(server: Signalbox): Promise<number> {
  const { data } = await server.call("GET", "/dashboard/webhooks/deliveries?limit=1");
  return (data as { readonly pagination: { readonly total: number } }).pagination.total;
}

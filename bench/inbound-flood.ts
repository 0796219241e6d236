/**
 * Forged webhooks, as many as 50 connections can send: how much they slow down deliveries and genuine webhooks, and
 * what the store keeps of them.
 */
import { REFUSED_BODY_BYTES_MAX, REFUSED_KEPT_COUNT_MAX } from "../src/domain/limits.ts";
import type { Measure, Settings } from "./kit/benchmark.ts";
import { makeDataDir } from "./kit/children.ts";
import { nowUs, sleep } from "./kit/clock.ts";
import { Connection } from "./kit/connection.ts";
import { type Flood, type Flooded, floodWhile, requestsOf } from "./kit/flood.ts";
import { type Loaded, runLoad, windowOf } from "./kit/load.ts";
import { measurePublishing, type Published } from "./kit/publishing.ts";
import type { Receiver } from "./kit/receiving.ts";
import { type NextRequest, singly } from "./kit/requests.ts";
import { median } from "./kit/samples.ts";
import { createEndpoints, type Signalbox, startSignalbox } from "./kit/signalbox.ts";
import { createWays, forged, forgedExpensive, inEachWay, JCS_SOURCE, PAUSE_STATUS, totalOf } from "./kit/sources.ts";
import { inTurn } from "./kit/turns.ts";

const CONNECTIONS = 50;
/** As in `throughput`. */
const PUBLISHING_CONNECTIONS = 64;
const ROUNDS = 3;
const DELIVERED_RATIO_MIN = 0.75;
const FORGED_BYTES = 350;
/** Unanswered requests on one connection. */
const PIPELINED = 64;
/** A client that sends genuine webhooks during the flood. */
const GENUINE_PER_SECOND = 50;
const GENUINE_CONNECTIONS = 4;
/** In addition, one newcomer after the other sends a genuine webhook, each from a new address. */
const NEWCOMER_REST_MS = 100;

/** More than the server keeps of a body whose source is unknown. */
const LARGE_BYTES = REFUSED_BODY_BYTES_MAX + 4096;
/** Enough time to reach the limit of kept requests, since the server keeps at most 200 per second. */
const FILL_MS = 8000;
const KEPT_BEFORE_COUNT = 20;
/** Allows for rows, indexes and half-filled pages in addition to the bodies. */
const STORED_FACTOR = 1.25;
/** Allowed growth when the limit was already reached. The store reuses pages, but not always the same ones. */
const FULL_GROWTH_MB_MAX = 2;

// ── A flood during deliveries ───────────────────────────────────────────────────────────────────────────────────────

/** Genuine webhooks come from other addresses. */
const oneAddress = (): string => "127.0.0.2";
const manyAddresses = (connection: number): string => `127.0.2.${connection + 1}`;

interface Round {
  readonly published: Published;
  readonly genuine: Loaded;
  readonly newcomers: Newcomers;
  /** Null without a flood. */
  readonly flooded: Flooded | null;
}

type Floods = Readonly<
  Record<"unknown" | "known" | "spread" | "ahead" | "aheadSpread" | "expensive" | "expensiveSpread", readonly Round[]>
>;

export async function measureFloods(receiver: Receiver, settings: Settings): Promise<readonly Measure[]> {
  const { seconds, profileDir, note } = settings;
  await using server = await startSignalbox({ profileDir });
  const types = await createEndpoints(server, receiver.url("accept"));
  const next = inEachWay(await createWays(server));
  const { port } = server;

  const load = { port, receiver, connections: PUBLISHING_CONNECTIONS, seconds, events: 1, ratePerSecond: null };
  const publish = () => measurePublishing({ ...load, next: singly(server, types) });
  const sendGenuine = (): Promise<Loaded> =>
    runLoad({
      port,
      connections: GENUINE_CONNECTIONS,
      next,
      ratePerSecond: GENUINE_PER_SECOND,
      window: windowOf(seconds),
      acceptedStatus: 200,
    });
  const work = async (): Promise<Omit<Round, "flooded">> => {
    const arriving = new Newcomers(port, next);
    const [published, genuine] = await arriving.arriveWhile(() => Promise.all([publish(), sendGenuine()]));
    return { published, genuine, newcomers: arriving };
  };
  const during = (name: string, flood: Flood | null) => async (): Promise<Round> => {
    const { flooded, result } =
      flood === null ? { flooded: null, result: await work() } : await floodWhile(flood, work);
    note(`${name}: ${Math.round(result.published.deliveredPerSecond)} delivered per second${statusesText(flooded)}`);
    return { ...result, flooded };
  };

  const floodOf = (source: string | null, from: Flood["from"], depth = 1): Flood => {
    return { port, connections: CONNECTIONS, depth, from, next: forged(server, { source, bodyBytes: FORGED_BYTES }) };
  };
  const expensiveFlood = (from: Flood["from"]): Flood => {
    return { port, connections: CONNECTIONS, depth: 1, from, next: forgedExpensive(server, JCS_SOURCE) };
  };
  const { alone, ...floods } = await inTurn(ROUNDS, {
    alone: during("alone", null),
    unknown: during("forged, naming unknown sources", floodOf(null, oneAddress)),
    known: during("forged, naming a source", floodOf(JCS_SOURCE, oneAddress)),
    spread: during("forged, from many addresses", floodOf(JCS_SOURCE, manyAddresses)),
    ahead: during("pipelined", floodOf(JCS_SOURCE, oneAddress, PIPELINED)),
    aheadSpread: during("pipelined, from many addresses", floodOf(JCS_SOURCE, manyAddresses, PIPELINED)),
    expensive: during("expensive to verify", expensiveFlood(oneAddress)),
    expensiveSpread: during("expensive to verify, from many addresses", expensiveFlood(manyAddresses)),
  });
  const kept = await keptMeasures(server);
  if (profileDir !== null) await server.stop();
  return [...measuresOf(alone, floods), ...kept];
}

function measuresOf(alone: readonly Round[], floods: Floods): readonly Measure[] {
  const all = [alone, ...Object.values(floods)].flat();
  return [
    { name: "publishing alone: delivered", unit: "/s", value: medianOf(alone, deliveredOf) },
    ...genuineMeasures("alone", alone),
    ...floodMeasures("forged, unknown sources", alone, floods.unknown),
    ...floodMeasures("forged, known source", alone, floods.known),
    ...floodMeasures(`forged, ${CONNECTIONS} addresses`, alone, floods.spread),
    ...floodMeasures(`forged, ${PIPELINED} pipelined`, alone, floods.ahead),
    ...floodMeasures(`forged, ${PIPELINED} pipelined, ${CONNECTIONS} addresses`, alone, floods.aheadSpread),
    ...floodMeasures("forged, expensive to verify", alone, floods.expensive),
    ...floodMeasures(`forged, expensive, ${CONNECTIONS} addresses`, alone, floods.expensiveSpread),
    {
      name: "publishing: missing",
      unit: "",
      value: sumOf(all, ({ published }) => published.missing),
      goal: { atMost: 0 },
    },
  ];
}

const deliveredOf = ({ published }: Round): number => published.deliveredPerSecond;
const medianOf = (rounds: readonly Round[], value: (round: Round) => number) => median(rounds.map(value));
const sumOf = (rounds: readonly Round[], value: (round: Round) => number) =>
  rounds.reduce((sum, round) => sum + value(round), 0);

function floodMeasures(name: string, alone: readonly Round[], rounds: readonly Round[]): readonly Measure[] {
  const perSecond = ({ flooded }: Round) => (flooded === null ? 0 : requestsOf(flooded) / flooded.seconds);
  const answered = (status: number) => sumOf(rounds, ({ flooded }) => flooded?.statuses.get(status) ?? 0);
  const all = sumOf(rounds, ({ flooded }) => (flooded === null ? 0 : requestsOf(flooded)));
  return [
    { name: `${name}: requests`, unit: "/s", value: medianOf(rounds, perSecond) },
    { name: `${name}: answered 401`, unit: "", value: answered(401) },
    { name: `${name}: answered 429`, unit: "", value: answered(429) },
    { name: `${name}: anything else`, unit: "", value: all - answered(401) - answered(429), goal: { atMost: 0 } },
    { name: `${name}: delivered during the flood`, unit: "/s", value: medianOf(rounds, deliveredOf) },
    {
      name: `${name}: delivered ÷ alone`,
      unit: "×",
      // Compares measurements of the same round, because the machine's speed changes over time.
      value: median(rounds.map((round, index) => deliveredOf(round) / deliveredOf(alone[index] ?? round))),
      goal: { atLeast: DELIVERED_RATIO_MIN },
    },
    ...genuineMeasures(name, rounds),
  ];
}

/** What happened to genuine webhooks. */
function genuineMeasures(name: string, rounds: readonly Round[]): readonly Measure[] {
  const p99Ms = ({ genuine }: Round) => genuine.answerUs.percentile(0.99) / 1000;
  const accepted = sumOf(rounds, ({ newcomers }) => newcomers.accepted);
  const count = sumOf(rounds, ({ newcomers }) => newcomers.count);
  return [
    { name: `${name}: genuine requests, p99 of the 200`, unit: "ms", value: medianOf(rounds, p99Ms) },
    {
      name: `${name}: genuine requests refused`,
      unit: "",
      value: sumOf(rounds, ({ genuine }) => genuine.refused),
      goal: { atMost: 0 },
    },
    { name: `${name}: newcomers accepted at the first try`, unit: "×", value: accepted / count, goal: { atLeast: 1 } },
  ];
}

async function keptMeasures(server: Signalbox): Promise<readonly Measure[]> {
  const { unknown, sources } = await countKept(server);
  const goal = { atMost: REFUSED_KEPT_COUNT_MAX };
  return [
    { name: "kept refused requests: unknown sources", unit: "", value: unknown, goal },
    { name: "kept refused requests: known source", unit: "", value: sources, goal },
  ];
}

async function countKept(server: Signalbox): Promise<{ readonly unknown: number; readonly sources: number }> {
  const refused = `${PAUSE_STATUS}?payload_valid=false&limit=1`;
  const sources = await totalOf(server, `${refused}&source=${JCS_SOURCE}`);
  return { unknown: (await totalOf(server, refused)) - sources, sources };
}

function statusesText(flooded: Flooded | null): string {
  if (flooded === null) return "";
  const statuses = Array.from(flooded.statuses, ([status, count]) => `${count} × ${status}`);
  return `, forged: ${statuses.join(", ")} in ${flooded.seconds.toFixed(1)} s`;
}

let newcomers = 0;

/** Each newcomer sends one genuine request from a new address. */
class Newcomers {
  count = 0;
  accepted = 0;
  readonly #port: number;
  readonly #next: NextRequest;

  constructor(port: number, next: NextRequest) {
    this.#port = port;
    this.#next = next;
  }

  async arriveWhile<T>(work: () => Promise<T>): Promise<T> {
    const over = new AbortController();
    const arriving = this.#arrive(over.signal);
    try {
      return await work();
    } finally {
      over.abort();
      await arriving;
    }
  }

  async #arrive(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      newcomers += 1;
      const connection = await Connection.open(this.#port, `127.1.${newcomers >> 8}.${newcomers & 255}`);
      const { status } = await connection.ask(this.#next(nowUs()) ?? "");
      connection.close();
      this.count += 1;
      if (status === 200) this.accepted += 1;
      await sleep(NEWCOMER_REST_MS);
    }
  }
}

// ── What the store keeps ────────────────────────────────────────────────────────────────────────────────────────────

/** Stops the server after each flood, so that everything is in the one database file. */
export async function measureStored({ note }: Settings): Promise<readonly Measure[]> {
  using dataDir = makeDataDir();
  const during = async <T>(work: (server: Signalbox) => Promise<T>) => {
    await using server = await startSignalbox({ dataDir: dataDir.path, profileDir: null });
    const result = await work(server);
    await server.stop();
    return { result, storedMb: (await server.storedBytes()) / 2 ** 20 };
  };
  const flood = (source: string | null) => async (server: Signalbox) => {
    await fill(server, source);
    return { ...(await countKept(server)), kept: await keptIds(server) };
  };
  note("filling the store with forged webhooks");
  const before = await during(async (server) => {
    await createWays(server);
    await forgeFew(server);
    return keptIds(server);
  });
  const first = await during(flood(null));
  const again = await during(flood(null));
  const known = await during(flood(JCS_SOURCE));
  const stayed = new Set(again.result.kept);
  const bodiesMb = (bytes: number) => Math.ceil((REFUSED_KEPT_COUNT_MAX * bytes * STORED_FACTOR) / 2 ** 20);
  const grown = (after: { readonly storedMb: number }, from: { readonly storedMb: number }) =>
    after.storedMb - from.storedMb;
  const keptGoal = { atMost: REFUSED_KEPT_COUNT_MAX };
  return [
    { name: "large bodies kept: unknown sources", unit: "", value: again.result.unknown, goal: keptGoal },
    { name: "large bodies kept: known source", unit: "", value: known.result.sources, goal: keptGoal },
    {
      name: "earlier requests of a source, lost in a flood of unknown sources",
      unit: "",
      value: before.result.filter((id) => !stayed.has(id)).length,
      goal: { atMost: 0 },
    },
    { name: "earlier requests of the source", unit: "", value: before.result.length },
    {
      name: "file growth: first flood, unknown sources",
      unit: "MB",
      value: grown(first, before),
      goal: { atMost: bodiesMb(REFUSED_BODY_BYTES_MAX) },
    },
    {
      name: "file growth: second flood, unknown sources",
      unit: "MB",
      value: grown(again, first),
      goal: { atMost: FULL_GROWTH_MB_MAX },
    },
    {
      name: "file growth: flood of a known source",
      unit: "MB",
      value: grown(known, again),
      goal: { atMost: bodiesMb(LARGE_BYTES) },
    },
  ];
}

/** Sends a few, like a sender with a wrong secret. */
async function forgeFew(server: Signalbox): Promise<void> {
  const next = forged(server, { source: JCS_SOURCE, bodyBytes: FORGED_BYTES });
  const connection = await Connection.open(server.port, "127.0.0.3");
  for (let count = 0; count < KEPT_BEFORE_COUNT; count += 1) await connection.ask(next());
  connection.close();
}

/** Uses many addresses, because the server keeps no more than 20 failures per second of one address. */
async function fill(server: Signalbox, source: string | null): Promise<void> {
  const next = forged(server, { source, bodyBytes: LARGE_BYTES });
  const flood = { port: server.port, connections: CONNECTIONS, depth: 1, from: manyAddresses, next };
  await floodWhile(flood, () => sleep(FILL_MS));
}

async function keptIds(server: Signalbox): Promise<readonly string[]> {
  const path = `${PAUSE_STATUS}?payload_valid=false&source=${JCS_SOURCE}&limit=100`;
  const { data } = await server.call("GET", path);
  return (data as readonly { readonly id: string }[]).map(({ id }) => id);
}

/**
 * The dashboard's delivery history over a million deliveries: each filter and sort order, combinations at any offset,
 * and how much the requests slow down publishing.
 */
import { LEDGER_DIRECTIONS, LEDGER_ORDERS, LEDGER_STATUSES } from "../src/domain/history/ledger.ts";
import { LIST_PAGE_MAX } from "../src/domain/limits.ts";
import type { Benchmark, Measure, Settings } from "./kit/benchmark.ts";
import { makeDataDir } from "./kit/children.ts";
import { sleep } from "./kit/clock.ts";
import { Connection } from "./kit/connection.ts";
import { fillAndStop, type History, middleOf } from "./kit/history.ts";
import { measurePublishing, type Published } from "./kit/publishing.ts";
import { type Receiver, startReceiver } from "./kit/receiving.ts";
import { getText, singly } from "./kit/requests.ts";
import { median, Samples } from "./kit/samples.ts";
import { createEndpoints, type Signalbox, startSignalbox } from "./kit/signalbox.ts";
import { inTurn } from "./kit/turns.ts";
import { isOnPostgres } from "./postgres/database.ts";

const DELIVERIES = 1_000_000;
const LIST = "/dashboard/webhooks/deliveries";
const REQUESTS_EACH = 200;
const OFFSET_FAR = 10_000;
const SINGLE_P99_MS_MAX = 40;
const COMBINED_P99_MS_MAX = 300;
/** On PostgreSQL, up to a million deliveries and beyond them. */
const POSTGRES_P99_MS_MAX = { million: 60, more: 300 };
const STARTS = 3;
const CONNECTIONS = 64;
/** How long the calm client waits after each page. The other client never waits, and takes a whole core. */
const CALM_REST_MS = 100;
/** How often half load is measured without and with the lists. The kinds take turns. */
const ROUNDS = 3;
/** The goal of `throughput` at half load. */
const RESPONSE_P99_MS_MAX = 25;

export const dashboard: Benchmark = {
  name: "dashboard",
  about:
    `pages of ${LIST_PAGE_MAX} from GET ${LIST}: ${REQUESTS_EACH} for each filter or sort order and for each combination; ` +
    "then the 202 at half load, without and with clients that request these pages",
  once: true,
  async run(settings) {
    const { scale, profileDir, note } = settings;
    await using receiver = await startReceiver();
    using dataDir = makeDataDir();
    const total = Math.round(DELIVERIES * scale);
    note(`creating ${total.toLocaleString("en")} deliveries`);
    const made = await fillAndStop(dataDir.path, receiver, total);
    note("restarting");
    const firstMs = await measureFirst(dataDir.path);
    await using server = await startSignalbox({ dataDir: dataDir.path, profileDir });
    note("one filter or sort order");
    const singles = await measureSingles(server, made);
    note("combinations");
    const combined = await measureCombinations(server, made, note);
    const goals = goalsFor(made);
    const publishing = await measureDuring(server, receiver, { settings, made });
    if (profileDir !== null) await server.stop();
    return [
      { name: "deliveries", unit: "", value: total },
      { name: `first query after a start, median of ${STARTS}`, unit: "ms", value: firstMs },
      slowest("one filter or sort", singles, goals.single),
      slowest("any combination, any offset", combined, goals.combined),
      ...publishing,
      ...singles.flatMap((measured) => percentiles(measured, goals.single)),
      ...combined.flatMap((measured) => percentiles(measured, goals.combined)),
    ];
  },
};

function goalsFor({ total }: History): { readonly single: number; readonly combined: number } {
  if (!isOnPostgres()) return { single: SINGLE_P99_MS_MAX, combined: COMBINED_P99_MS_MAX };
  const both = total > DELIVERIES ? POSTGRES_P99_MS_MAX.more : POSTGRES_P99_MS_MAX.million;
  return { single: both, combined: both };
}

interface Measured {
  readonly label: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const slowestOf = (measured: readonly Measured[]): Measured =>
  measured.reduce((slowest, one) => (one.p99Ms > slowest.p99Ms ? one : slowest));

const slowest = (what: string, measured: readonly Measured[], atMost: number): Measure => ({
  name: `${what}: slowest p99`,
  unit: "ms",
  value: slowestOf(measured).p99Ms,
  goal: { atMost },
});

const percentiles = ({ label, p50Ms, p99Ms }: Measured, atMost: number): Measure[] => [
  { name: `${label}: p50`, unit: "ms", value: p50Ms },
  { name: `${label}: p99`, unit: "ms", value: p99Ms, goal: { atMost } },
];

// ── The requests ────────────────────────────────────────────────────────────────────────────────────────────────────

type Query = Readonly<Record<string, string>>;
type Labelled = readonly (readonly [label: string, query: Query])[];

const ORDERS: Labelled = LEDGER_ORDERS.flatMap((sortBy) =>
  LEDGER_DIRECTIONS.map((sortOrder) => [`${sortBy} ${sortOrder}`, { sortBy, sortOrder }] as const),
);

/** All deliveries were created within minutes, so a day matches all of them or none. `asOf` selects a part instead. */
const dayOf = (time: string): string => time.slice(0, "2026-04-01".length);

function singlesOf(made: History): Labelled {
  const { ids } = made;
  const middle = middleOf(made);
  return [
    ["no filter", {}],
    ...LEDGER_STATUSES.map((status) => [status, { status }] as const),
    ["a busy webhook", { webhookId: ids.busy }],
    ["a failing webhook", { webhookId: ids.flaky }],
    ["a rare webhook", { webhookId: ids.rare }],
    ["a deleted webhook", { webhookId: ids.deleted }],
    ["an event", { event: "good.0.a" }],
    ["a rare event", { event: "rare.first" }],
    ["from a day on", { startDate: dayOf(middle.from) }],
    ["up to a day", { endDate: dayOf(middle.from) }],
    ["up to a day before all", { endDate: "2020-01-01" }],
    ["as of the middle", { asOf: middle.from }],
    ...ORDERS,
  ];
}

/** Filters that match nearly all rows, about half, a tenth, few and none. Each is requested in every sort order. */
function filtersOf(made: History): Labelled {
  const { ids } = made;
  const middle = middleOf(made);
  const day = dayOf(middle.from);
  const dates = { startDate: day, endDate: day };
  return [
    ["everything", {}],
    ["delivered", { status: "delivered", ...dates }],
    ["failed", { status: "failed", ...dates }],
    ["pending", { status: "pending", ...dates }],
    ["a busy webhook, delivered", { webhookId: ids.busy, status: "delivered", ...dates }],
    ["a busy webhook and event, delivered", { webhookId: ids.busy, event: "good.0.a", status: "delivered", ...dates }],
    ["a failing webhook and event, failed", { webhookId: ids.flaky, event: "flaky.a", status: "failed", ...dates }],
    ["a paused webhook and event, pending", { webhookId: ids.paused, event: "paused.a", status: "pending", ...dates }],
    [
      "a rare webhook and event, delivered",
      { webhookId: ids.rare, event: "rare.first", status: "delivered", ...dates },
    ],
    ["a busy webhook and an event of another", { webhookId: ids.busy, event: "flaky.a", status: "failed", ...dates }],
    ["as of the middle, delivered", { asOf: middle.from, status: "delivered", ...dates }],
    ["as of the middle, a busy webhook", { asOf: middle.from, webhookId: ids.busy, ...dates }],
  ];
}

const placesOf = (total: number): readonly number[] => [
  0,
  OFFSET_FAR,
  Math.floor(total / 2),
  Math.max(0, total - LIST_PAGE_MAX),
];

const at = (query: Query, offset: number): string =>
  `${LIST}?${new URLSearchParams({ ...query, limit: String(LIST_PAGE_MAX), offset: String(offset) })}`;

/** All requests that are measured. */
function allOf(made: History): readonly string[] {
  return [
    ...singlesOf(made).flatMap(([, query]) => [at(query, 0), at(query, OFFSET_FAR)]),
    ...filtersOf(made).flatMap(([, filter]) =>
      ORDERS.flatMap(([, order]) => placesOf(made.total).map((offset) => at({ ...filter, ...order }, offset))),
    ),
  ];
}

// ── Their duration ──────────────────────────────────────────────────────────────────────────────────────────────────

interface Answered {
  readonly tookMs: number;
  readonly body: string;
}

async function ask(connection: Connection, server: Signalbox, path: string): Promise<Answered> {
  const sentAt = performance.now();
  const { status, body } = await connection.ask(getText(server, path));
  const tookMs = performance.now() - sentAt;
  if (status !== 200) throw new Error(`${path} → ${status} ${body}`);
  return { tookMs, body };
}

/** Measures a server that has just started, and has no history in memory. */
async function measureFirst(dataDir: string): Promise<number> {
  const tookMs: number[] = [];
  for (let count = 0; count < STARTS; count += 1) {
    await using server = await startSignalbox({ dataDir, profileDir: null });
    const connection = await Connection.open(server.port);
    tookMs.push((await ask(connection, server, at({}, 0))).tookMs);
    connection.close();
    await server.stop();
  }
  return median(tookMs);
}

async function measureSingles(server: Signalbox, made: History): Promise<readonly Measured[]> {
  const connection = await Connection.open(server.port);
  const measured: Measured[] = [];
  for (const [label, query] of singlesOf(made)) {
    for (const offset of [0, OFFSET_FAR]) {
      const paths = [at(query, offset)];
      measured.push(await measurePaths(connection, server, { label: `${label}, at ${offset}`, paths }));
    }
  }
  connection.close();
  return measured;
}

/** Returns the slowest sort order of each filter. The offsets of a sort order take turns. */
async function measureCombinations(
  server: Signalbox,
  made: History,
  note: Settings["note"],
): Promise<readonly Measured[]> {
  const connection = await Connection.open(server.port);
  const measured: Measured[] = [];
  for (const [label, filter] of filtersOf(made)) {
    const inOrders: Measured[] = [];
    const total = totalOf((await ask(connection, server, at(filter, 0))).body);
    for (const [order, sort] of ORDERS) {
      const paths = placesOf(total).map((offset) => at({ ...filter, ...sort }, offset));
      inOrders.push(await measurePaths(connection, server, { label: order, paths }));
    }
    const slow = slowestOf(inOrders);
    note(`${label}: ${total.toLocaleString("en")} rows; the slowest order is ${slow.label}`);
    measured.push({ ...slow, label: `${label}, its slowest order` });
  }
  connection.close();
  return measured;
}

function totalOf(body: string): number {
  const { data } = JSON.parse(body) as { readonly data: { readonly pagination: { readonly total: number } } };
  return data.pagination.total;
}

async function measurePaths(
  connection: Connection,
  server: Signalbox,
  { label, paths }: { readonly label: string; readonly paths: readonly string[] },
): Promise<Measured> {
  const tookMs = new Samples();
  for (let count = 0; count < REQUESTS_EACH; count += 1) {
    tookMs.add((await ask(connection, server, paths[count % paths.length] ?? "")).tookMs);
  }
  return { label, p50Ms: tookMs.percentile(0.5), p99Ms: tookMs.percentile(0.99) };
}

// ── Their effect on publishing ──────────────────────────────────────────────────────────────────────────────────────

async function measureDuring(
  server: Signalbox,
  receiver: Receiver,
  { settings: { seconds, note }, made }: { readonly settings: Settings; readonly made: History },
): Promise<readonly Measure[]> {
  const types = await createEndpoints(server, receiver.url("accept"));
  const load = { port: server.port, receiver, connections: CONNECTIONS, seconds, events: 1 };
  note("full load");
  const full = await measurePublishing({ ...load, next: singly(server, types), ratePerSecond: null });
  const ratePerSecond = full.acceptedPerSecond / 2;
  const publish = () => measurePublishing({ ...load, next: singly(server, types), ratePerSecond });
  const restless = new Reader(server, allOf(made), 0);
  const calm = new Reader(server, allOf(made), CALM_REST_MS);
  const noted = (what: string, work: () => Promise<Published>) => async (): Promise<Published> => {
    const published = await work();
    note(`half load, ${what}: p99 of the 202 ${published.answerP99Ms.toFixed(1)} ms`);
    return published;
  };
  const { alone, withLists, withCalm } = await inTurn(ROUNDS, {
    alone: noted("alone", publish),
    withLists: noted("with a client that never waits", () => restless.readWhile(publish)),
    withCalm: noted("with a client that waits between lists", () => calm.readWhile(publish)),
  });
  const p99Of = (published: readonly Published[]) => median(published.map(({ answerP99Ms }) => answerP99Ms));
  const all = [...alone, ...withLists, ...withCalm];
  return [
    { name: "full load: accepted", unit: "/s", value: full.acceptedPerSecond },
    { name: "half load: p99 of the 202", unit: "ms", value: p99Of(alone) },
    {
      name: "half load with lists: p99 of the 202",
      unit: "ms",
      value: p99Of(withLists),
      goal: { atMost: RESPONSE_P99_MS_MAX },
    },
    { name: "p99 of the 202 with lists ÷ alone", unit: "×", value: p99Of(withLists) / p99Of(alone) },
    { name: "lists during half load", unit: "/s", value: restless.perSecond() },
    { name: "lists during half load: p99", unit: "ms", value: restless.tookMs.percentile(0.99) },
    { name: `with a list every ${CALM_REST_MS} ms: p99 of the 202`, unit: "ms", value: p99Of(withCalm) },
    { name: `with a list every ${CALM_REST_MS} ms: p99 ÷ alone`, unit: "×", value: p99Of(withCalm) / p99Of(alone) },
    { name: "refused", unit: "", value: all.reduce((sum, { refused }) => sum + refused, full.refused) },
    {
      name: "missing",
      unit: "",
      value: all.reduce((sum, { missing }) => sum + missing, full.missing),
      goal: { atMost: 0 },
    },
  ];
}

/** A client that requests one list after the other. */
class Reader {
  readonly tookMs = new Samples();
  readonly #server: Signalbox;
  readonly #paths: readonly string[];
  readonly #restMs: number;
  #turn = 0;
  #readingMs = 0;

  constructor(server: Signalbox, paths: readonly string[], restMs: number) {
    this.#server = server;
    this.#paths = paths;
    this.#restMs = restMs;
  }

  async readWhile<T>(work: () => Promise<T>): Promise<T> {
    const connection = await Connection.open(this.#server.port);
    const over = new AbortController();
    const startedAt = performance.now();
    const reading = this.#read(connection, over.signal);
    try {
      return await work();
    } finally {
      over.abort();
      await reading;
      this.#readingMs += performance.now() - startedAt;
      connection.close();
    }
  }

  async #read(connection: Connection, over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      const path = this.#paths[this.#turn++ % this.#paths.length] ?? "";
      this.tookMs.add((await ask(connection, this.#server, path)).tookMs);
      if (this.#restMs > 0) await sleep(this.#restMs);
    }
  }

  perSecond(): number {
    return (this.tookMs.count / this.#readingMs) * 1000;
  }
}

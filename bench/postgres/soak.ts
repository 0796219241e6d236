/**
 * Events that come and go for some minutes, on two nodes: what tables and indexes have become in the end must be what
 * their rows need. One endpoint is paused again and again, and another one fails again and again.
 */
import { setInterval } from "node:timers/promises";
import type { Store } from "../../src/ports/store.ts";
import type { Benchmark, Measure } from "../kit/benchmark.ts";
import { makeDataDir } from "../kit/children.ts";
import { sleep } from "../kit/clock.ts";
import { runLoad, windowOf } from "../kit/load.ts";
import { type Receiver, startReceiver } from "../kit/receiving.ts";
import { singly } from "../kit/requests.ts";
import { createEndpoint, type Signalbox, startSignalbox } from "../kit/signalbox.ts";
import { databaseProcess, openStoreOf, queryDatabase } from "./database.ts";

const CONNECTIONS = 32;
const HOUR_MS = 3_600_000;
/** Retention deletes what ended before this. From then on, as many events go as come. */
const KEPT_MS = 60_000;
const SWEEP_EVERY_MS = 5000;
const STEP_PAUSE_MS = 20;
const SWITCH_EVERY_MS = 20_000;
/** Nothing listens there. */
const CLOSED_URL = "http://127.0.0.1:1/";
const PRINT_EVERY_MS = 60_000;
/** Reports until the number of rows is steady. */
const GROWING_REPORTS = 2;
/** Smaller tables are not printed, unless each transaction or delivery changes them. */
const PRINTED_BYTES = 200_000;
const PRINTED = ["lanes", "turn", "nodes", "tenants", "meta", "marks", "ledger_changes"];

export const soak: Benchmark = {
  name: "soak",
  about: "the sizes of tables while events come and go; needs --store postgres, and minutes: --seconds 600 --rate 300",
  once: true,
  async run({ seconds, ratePerSecond, note }) {
    if (databaseProcess() === null) return [];
    using dataDir = makeDataDir();
    await using receiver = await startReceiver();
    await using first = await startSignalbox({ profileDir: null, dataDir: dataDir.path });
    await using _second = await startSignalbox({ profileDir: null, dataDir: dataDir.path });
    const { types, targets } = await createTargets(first, receiver);
    const ending = new AbortController();
    const { signal } = ending;
    const reports: Report[] = [];
    const report = async () => {
      reports.push(await readReport(dataDir.path));
      printReport(reports, note);
    };
    const others = [
      keepDeleting(dataDir.path, signal),
      keepSwitching(first, targets, signal),
      every(PRINT_EVERY_MS, signal, report),
    ];
    const load = { connections: CONNECTIONS, ratePerSecond, window: windowOf(seconds, 0) };
    const loaded = await runLoad({ ...load, port: first.port, next: singly(first, types) });
    ending.abort();
    await Promise.all(others);
    await report();
    return [
      { name: "accepted", unit: "", value: loaded.accepted },
      { name: "p99 of the 202", unit: "ms", value: loaded.answerUs.percentile(0.99) / 1000 },
      ...measuresOf(reports),
    ];
  },
};

interface Targets {
  readonly pausing: string;
  readonly failing: string;
  readonly url: string;
}

async function createTargets(server: Signalbox, receiver: Receiver) {
  const types = Array.from({ length: 8 }, (_, index) => `bench.${index}`);
  const url = receiver.url("accept");
  const ids: string[] = [];
  for (const type of types) {
    ids.push(await createEndpoint(server, { name: type, url, event_types: [type], retry_schedule_seconds: [5, 10] }));
  }
  const [pausing = "", failing = ""] = ids;
  return { types, targets: { pausing, failing, url } };
}

async function every(everyMs: number, signal: AbortSignal, run: () => Promise<unknown>): Promise<void> {
  try {
    for await (const _ of setInterval(everyMs, null, { signal })) await run();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Retention by its own verb, in shorter intervals. Each pass is an hour after the one before, by the clock that it is given. */
async function keepDeleting(dataDir: string, signal: AbortSignal): Promise<void> {
  const store = await openStoreOf(dataDir);
  let passes = 0;
  await every(SWEEP_EVERY_MS, signal, () => {
    passes += 1;
    return deleteOld(store, passes * HOUR_MS);
  });
  await store.close();
}

async function deleteOld(store: Store, aheadMs: number): Promise<void> {
  const now = Date.now() + aheadMs;
  while ((await store.sweep({ now, retentionMs: aheadMs + KEPT_MS })).more) await sleep(STEP_PAUSE_MS);
}

async function keepSwitching(server: Signalbox, { pausing, failing, url }: Targets, signal: AbortSignal) {
  let works = true;
  await every(SWITCH_EVERY_MS, signal, async () => {
    works = !works;
    await server.call("PATCH", `/v1/endpoints/${pausing}`, { status: works ? "ACTIVE" : "PAUSED" });
    await server.call("PATCH", `/v1/endpoints/${failing}`, { url: works ? url : CLOSED_URL });
  });
}

// ── Sizes ───────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Table {
  readonly name: string;
  readonly live: number;
  readonly dead: number;
  readonly table: number;
  readonly indexes: number;
}

interface Report {
  readonly tables: readonly Table[];
  readonly oldestTransactionMs: number;
}

const TABLES = `
  SELECT relname AS name, n_live_tup AS live, n_dead_tup AS dead, pg_table_size(relid) AS table,
    pg_indexes_size(relid) AS indexes
  FROM pg_stat_user_tables
  WHERE schemaname = 'signalbox'
  ORDER BY pg_total_relation_size(relid) DESC`;
const OLDEST = `
  SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start) * 1000), 0) AS ms
  FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid()`;

async function readReport(dataDir: string): Promise<Report> {
  const rows = await queryDatabase<Record<keyof Table, string>>(dataDir, TABLES);
  const [oldest] = await queryDatabase<{ ms: string }>(dataDir, OLDEST);
  const tables = rows.map(({ name, live, dead, table, indexes }) => ({
    name,
    live: Number(live),
    dead: Number(dead),
    table: Number(table),
    indexes: Number(indexes),
  }));
  return { tables, oldestTransactionMs: Number(oldest?.ms) };
}

function printReport(reports: readonly Report[], note: (line: string) => void): void {
  const { tables, oldestTransactionMs } = reports.at(-1) ?? { tables: [], oldestTransactionMs: 0 };
  const seconds = (reports.length * PRINT_EVERY_MS) / 1000;
  note(`about ${seconds} s; the oldest transaction is ${Math.round(oldestTransactionMs)} ms old`);
  note(["table", "live", "dead", "KB", "KB of indexes", "bytes per live row"].join("\t"));
  for (const each of tables) {
    if (each.table + each.indexes < PRINTED_BYTES && !PRINTED.includes(each.name)) continue;
    const { name, live, dead, table, indexes } = each;
    note([name, live, dead, kb(table), kb(indexes), Math.round(bytesPerRow(each))].join("\t"));
  }
}

const kb = (bytes: number): number => Math.round(bytes / 1000);

function bytesPerRow({ live, table, indexes }: Table): number {
  return (table + indexes) / Math.max(1, live);
}

function measuresOf(reports: readonly Report[]): readonly Measure[] {
  const [steady, last] = [reports[GROWING_REPORTS] ?? reports.at(-1), reports.at(-1)];
  const bytes = (report: Report | undefined) =>
    (report?.tables ?? []).reduce((sum, { table, indexes }) => sum + table + indexes, 0);
  return [
    { name: "oldest transaction", unit: "ms", value: Math.max(...reports.map((each) => each.oldestTransactionMs)) },
    { name: "all tables and indexes", unit: "MB", value: bytes(last) / 1e6 },
    {
      name: `at the end ÷ after ${GROWING_REPORTS + 1} minutes`,
      unit: "×",
      value: bytes(last) / bytes(steady),
      goal: { atMost: 1.5 },
    },
  ];
}

/** Lists and filters over a million deliveries, which come from real publishing: sent, failed, held, cancelled. */
import { sealCursor } from "../src/api/lists/cursor.ts";
import { DELIVERY_STATES } from "../src/domain/delivery/delivery.ts";
import { LIST_PAGE_MAX } from "../src/domain/limits.ts";
import { Cursors } from "../src/engine/history/cursors.ts";
import { cursorOf } from "../src/store/cursors.ts";
import { dataFiles, masterKey } from "../src/store/sqlite/files/files.ts";
import { createVault } from "../src/store/vault.ts";
import type { Benchmark, Measure } from "./kit/benchmark.ts";
import { makeDataDir } from "./kit/children.ts";
import { Connection } from "./kit/connection.ts";
import { earlyOf, fillAndStop, type History, middleOf } from "./kit/history.ts";
import { startReceiver } from "./kit/receiving.ts";
import { getText } from "./kit/requests.ts";
import { Samples } from "./kit/samples.ts";
import { type Signalbox, startSignalbox } from "./kit/signalbox.ts";
import { databaseKey, isOnPostgres } from "./postgres/database.ts";

const DELIVERIES = 1_000_000;
const REQUESTS_EACH = 400;
const P99_MS_MAX = 20;
/** On PostgreSQL, up to a million deliveries and beyond them. */
const POSTGRES_P99_MS_MAX = { million: 60, more: 300 };

export const history: Benchmark = {
  name: "history",
  about: `pages of ${LIST_PAGE_MAX} from GET /v1/deliveries: ${REQUESTS_EACH} for each filter, half of them with cursors far into the list`,
  once: true,
  async run({ scale, profileDir, note }) {
    await using receiver = await startReceiver();
    using dataDir = makeDataDir();
    const total = Math.round(DELIVERIES * scale);
    note(`creating ${total.toLocaleString("en")} deliveries`);
    const made = await fillAndStop(dataDir.path, receiver, total);
    await using server = await startSignalbox({ dataDir: dataDir.path, profileDir });
    note("listing them");
    const measured: Measured[] = [];
    const cursors = cursorsOf(server.dataDir);
    for (const [label, filter] of filtersOf(made)) {
      measured.push(await measureFilter(server, made, { label, filter, cursors }));
    }
    if (profileDir !== null) await server.stop();
    const atMost = !isOnPostgres()
      ? P99_MS_MAX
      : total > DELIVERIES
        ? POSTGRES_P99_MS_MAX.more
        : POSTGRES_P99_MS_MAX.million;
    return [
      { name: "deliveries", unit: "", value: total },
      { name: "slowest filter: p99", unit: "ms", value: most(measured.map(({ p99Ms }) => p99Ms)), goal: { atMost } },
      { name: "most requests for one full page", unit: "", value: most(measured.map(({ requests }) => requests)) },
      ...measured.flatMap(({ label, p50Ms, p99Ms }): Measure[] => [
        { name: `${label}: p50`, unit: "ms", value: p50Ms },
        { name: `${label}: p99`, unit: "ms", value: p99Ms, goal: { atMost } },
      ]),
    ];
  },
};

interface Measured {
  readonly label: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The most requests that a full page of rows took. A page may be short, or even empty, although more rows follow. */
  readonly requests: number;
}

const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 0);

type Filter = Readonly<Record<string, string>>;

/** Each filter alone, and combinations in which one part matches nearly all rows and the other part nearly none. */
function filtersOf(made: History): readonly (readonly [string, Filter])[] {
  const { ids, events } = made;
  const middle = middleOf(made);
  const early = earlyOf(made);
  return [
    ["no filter", {}],
    ...DELIVERY_STATES.map((status) => [status, { status }] as const),
    ["a busy endpoint", { endpoint_id: ids.busy }],
    ["a rare endpoint", { endpoint_id: ids.rare }],
    ["a deleted endpoint", { endpoint_id: ids.deleted }],
    ["an event", { event_id: events.some }],
    ["search: an event", { search: events.some }],
    ["search: an endpoint", { search: ids.flaky }],
    ["search: 80 types", { search: "good." }],
    ["search: one type", { search: "good.3.b" }],
    ["search: a rare type", { search: "rare" }],
    ["search: no type", { search: "nothing" }],
    ["a moment", middle],
    ["until early", early],
    ["a busy endpoint, DELIVERED", { endpoint_id: ids.busy, status: "DELIVERED" }],
    ["a busy endpoint, FAILED", { endpoint_id: ids.busy, status: "FAILED" }],
    ["a rare endpoint, FAILED", { endpoint_id: ids.rare, status: "FAILED" }],
    ["a failing endpoint, FAILED", { endpoint_id: ids.flaky, status: "FAILED" }],
    ["a failing endpoint, DELIVERED", { endpoint_id: ids.flaky, status: "DELIVERED" }],
    ["a paused endpoint, HELD", { endpoint_id: ids.paused, status: "HELD" }],
    ["a paused endpoint, PENDING", { endpoint_id: ids.paused, status: "PENDING" }],
    ["80 types, FAILED", { search: "good.", status: "FAILED" }],
    ["80 types, HELD", { search: "good.", status: "HELD" }],
    ["a failing type, DELIVERED", { search: "flaky", status: "DELIVERED" }],
    ["a failing type, SCHEDULED", { search: "flaky", status: "SCHEDULED" }],
    ["a rare type, DELIVERED", { search: "rare", status: "DELIVERED" }],
    ["80 types, a rare endpoint", { search: "good.", endpoint_id: ids.rare }],
    ["a rare type, a busy endpoint", { search: "rare", endpoint_id: ids.busy }],
    ["a moment, DELIVERED", { ...middle, status: "DELIVERED" }],
    ["a moment, FAILED", { ...middle, status: "FAILED" }],
    ["until early, HELD", { ...early, status: "HELD" }],
    ["a moment, 80 types", { ...middle, search: "good." }],
    [
      "a moment, a failing endpoint and type, FAILED",
      {
        ...middle,
        endpoint_id: ids.flaky,
        search: "flaky",
        status: "FAILED",
      },
    ],
  ];
}

/** Half of the requests follow the cursor from the newest row. The others start anywhere. */
async function measureFilter(
  server: Signalbox,
  { total }: History,
  { label, filter, cursors }: { readonly label: string; readonly filter: Filter; readonly cursors: Cursors },
): Promise<Measured> {
  const tookMs = new Samples();
  const way = new Way();
  const connection = await Connection.open(server.port);
  for (let count = 0; count < REQUESTS_EACH; count += 1) {
    const follows = count % 2 === 0;
    const cursor = follows ? way.cursor : sealCursor({ cursors }, "deliveries", cursorOf(anywhere(count, total)));
    const query = new URLSearchParams({ ...filter, limit: String(LIST_PAGE_MAX), ...(cursor !== null && { cursor }) });
    const sentAt = performance.now();
    const { status, body } = await connection.ask(getText(server, `/v1/deliveries?${query}`));
    tookMs.add(performance.now() - sentAt);
    if (status !== 200) throw new Error(`${query} → ${status} ${body}`);
    if (follows) way.came(JSON.parse(body) as Page);
  }
  connection.close();
  return { label, p50Ms: tookMs.percentile(0.5), p99Ms: tookMs.percentile(0.99), requests: way.requestsMost };
}

interface Page {
  readonly results: readonly unknown[];
  readonly next_cursor: string | null;
}

/** A reader that starts at the newest row, follows the cursor page by page, and starts again at the end. */
class Way {
  cursor: string | null = null;
  requestsMost = 0;
  #rows = 0;
  #requests = 0;

  came(page: Page): void {
    this.cursor = page.next_cursor;
    this.#rows += page.results.length;
    this.#requests += 1;
    this.requestsMost = Math.max(this.requestsMost, this.#requests);
    if (this.#rows < LIST_PAGE_MAX && this.cursor !== null) return;
    this.#rows = 0;
    this.#requests = 0;
  }
}

/** Sealed in the same way as the server's own cursors, so that a reader can start anywhere. */
function cursorsOf(dataDir: string): Cursors {
  return new Cursors(createVault(databaseKey() ?? masterKey(dataFiles(dataDir), null)).linkKey);
}

/** Positions spread over all rows, the same ones in every run. */
function anywhere(count: number, total: number): number {
  return 1 + ((count * 7919) % 997) * Math.floor(total / 997);
}

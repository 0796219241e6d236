/**
 * The export of a million deliveries: when the first byte comes, how many rows per second follow, how much memory and
 * write-ahead log the export takes, how much it slows down publishing, and whether it stops when its client
 * disconnects.
 */
import { EXPORTS_OF_TENANT_COUNT_MAX, WAL_SIZE_BYTES_MAX } from "../src/domain/limits.ts";
import type { Benchmark, Measure, Settings } from "./kit/benchmark.ts";
import { makeDataDir } from "./kit/children.ts";
import { sleep } from "./kit/clock.ts";
import { Download } from "./kit/download.ts";
import { fillAndStop, type History } from "./kit/history.ts";
import { measurePublishing, type Published } from "./kit/publishing.ts";
import { type Receiver, startReceiver } from "./kit/receiving.ts";
import { type NextRequest, singly } from "./kit/requests.ts";
import { median } from "./kit/samples.ts";
import { createEndpoints, type Signalbox, startSignalbox } from "./kit/signalbox.ts";
import { inTurn } from "./kit/turns.ts";

const DELIVERIES = 1_000_000;
const LIST = "/dashboard/webhooks/deliveries";
const FIRST_BYTES_EACH = 10;
const FIRST_BYTE_MS_MAX = 200;
/**
 * The growth after the first tenth of the file, by which time the garbage collector has found its pace. The rest of the
 * file creates some hundred MB of garbage.
 */
const GROWTH_MB_MAX = 50;
const WATCH_MS = 50;
/** Two exports at full speed take several times as much processor time in a second. */
const CPU_AFTER_MS_MAX = 200;
const CONNECTIONS = 64;
/** How often full load is measured without an export, with CSV and with NDJSON. The three take turns. */
const ROUNDS = 3;
const DELIVERED_RATIO_MIN = 0.75;
const SLOW_PACE = { bytes: 64 * 1024, restMs: 250 };
const SLOW_SECONDS = 25;
/** More than the limit, because the server goes on committing until a checkpoint that is due has finished. */
const WAL_MB_MAX = (WAL_SIZE_BYTES_MAX / 2 ** 20) * 1.5;

export const exporting: Benchmark = {
  name: "export",
  about:
    "the delivery history as a file: alone, during publishing at full load, to a slow client " +
    `(${SLOW_PACE.bytes / 1024} KB every ${SLOW_PACE.restMs} ms), and to clients that disconnect`,
  once: true,
  async run(settings) {
    const { scale, profileDir, note } = settings;
    await using receiver = await startReceiver();
    using dataDir = makeDataDir();
    const total = Math.round(DELIVERIES * scale);
    note(`creating ${total.toLocaleString("en")} deliveries`);
    const made = await fillAndStop(dataDir.path, receiver, total);
    await using server = await startSignalbox({ dataDir: dataDir.path, profileDir });
    note("exporting");
    const alone = await measureAlone(server);
    const begin = await measureFirstBytes(server, made);
    note("clients that disconnect");
    const leaving = await measureLeaving(server);
    note("during publishing");
    const types = await createEndpoints(server, receiver.url("accept"));
    const publish = { server, receiver, next: singly(server, types), settings };
    const during = await measureDuring(publish);
    note("a slow client");
    const slow = await measureSlow(publish);
    const peakMb = server.peakMb();
    if (profileDir !== null) await server.stop();
    return [
      { name: "deliveries", unit: "", value: total },
      ...begin,
      ...alone,
      ...leaving,
      ...during,
      ...slow,
      { name: "peak memory, with all this load", unit: "MB", value: peakMb },
    ];
  },
};

const FORMATS = ["csv", "ndjson"] as const;
type Format = (typeof FORMATS)[number];

const pathOf = (query: Readonly<Record<string, string>>): string => `${LIST}/export?${new URLSearchParams(query)}`;

async function open(server: Signalbox, query: Readonly<Record<string, string>>): Promise<Download> {
  const download = await Download.open(server, pathOf(query));
  if (download.status !== 200) throw new Error(`${pathOf(query)} → ${download.status}`);
  return download;
}

/** Does not count the header row. */
const rowsOf = ({ lines }: Download, format: Format): number => (format === "csv" ? lines - 1 : lines);

/** The highest value of a number during some work. */
async function peakWhile<T>(read: () => number, work: () => Promise<T>): Promise<{ peak: number; result: T }> {
  let peak = read();
  const look = (): void => {
    peak = Math.max(peak, read());
  };
  const timer = setInterval(look, WATCH_MS);
  try {
    const result = await work();
    look();
    return { peak, result };
  } finally {
    clearInterval(timer);
  }
}

// ── Alone ───────────────────────────────────────────────────────────────────────────────────────────────────────────

async function measureAlone(server: Signalbox): Promise<readonly Measure[]> {
  // One request loads the columns of the history into memory. Their size has its own limit, and is not measured here.
  const expected = await count(server);
  const measures: Measure[] = [];
  let missing = 0;
  for (const format of FORMATS) {
    const whole = await measureWhole(server, format, expected);
    missing += Math.abs(expected - whole.rows);
    measures.push(...whole.measures);
  }
  return [...measures, { name: "rows missing or too many", unit: "", value: missing, goal: { atMost: 0 } }];
}

async function count(server: Signalbox): Promise<number> {
  const { data } = await server.call("GET", `${LIST}?limit=1`);
  return (data as { readonly pagination: { readonly total: number } }).pagination.total;
}

async function measureWhole(server: Signalbox, format: Format, expected: number) {
  const beforeMb = server.residentMb();
  const beforeCpuMs = server.cpuMs();
  const startedAt = performance.now();
  let earlyMb = beforeMb;
  const download = await open(server, { format });
  const { peak } = await peakWhile(
    () => {
      const mb = server.residentMb();
      if (download.lines < expected / 10) earlyMb = Math.max(earlyMb, mb);
      return mb;
    },
    () => download.read(),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  const rows = rowsOf(download, format);
  const name = (what: string) => `${format}: ${what}`;
  const measures: Measure[] = [
    { name: name("rows"), unit: "/s", value: rows / seconds },
    { name: name("the whole file"), unit: "MB", value: download.bytes / 2 ** 20 },
    { name: name("processor time in a second"), unit: "ms", value: (server.cpuMs() - beforeCpuMs) / seconds },
    { name: name("resident before"), unit: "MB", value: beforeMb },
    { name: name("peak during the first tenth"), unit: "MB", value: earlyMb },
    { name: name("peak"), unit: "MB", value: peak },
    { name: name("growth in all"), unit: "MB", value: peak - beforeMb },
    { name: name("growth after the first tenth"), unit: "MB", value: peak - earlyMb, goal: { atMost: GROWTH_MB_MAX } },
  ];
  return { rows, measures };
}

/** Includes filters whose first row is hard to find, and one that matches nothing. */
async function measureFirstBytes(server: Signalbox, { ids }: History): Promise<readonly Measure[]> {
  const queries: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ["everything, csv", { format: "csv" }],
    ["everything, ndjson", { format: "ndjson" }],
    ["failed", { status: "failed" }],
    ["a rare event", { event: "rare.first" }],
    ["nothing matches", { webhookId: ids.rare, status: "failed" }],
  ];
  const measures: Measure[] = [];
  let longestMs = 0;
  for (const [label, query] of queries) {
    const tookMs: number[] = [];
    for (let turn = 0; turn < FIRST_BYTES_EACH; turn += 1) {
      const download = await openWhenFree(server, query);
      tookMs.push(download.firstByteMs);
      download.leave();
    }
    longestMs = Math.max(longestMs, ...tookMs);
    measures.push({ name: `first byte: ${label}, median`, unit: "ms", value: median(tookMs) });
  }
  return [
    { name: "first byte: longest of all", unit: "ms", value: longestMs, goal: { atMost: FIRST_BYTE_MS_MAX } },
    ...measures,
  ];
}

// ── Clients that disconnect ─────────────────────────────────────────────────────────────────────────────────────────

/** Repeats the request until an export is allowed, which is when the server has noticed that a client has left. */
async function openWhenFree(server: Signalbox, query: Readonly<Record<string, string>>): Promise<Download> {
  for (;;) {
    const download = await Download.open(server, pathOf(query));
    if (download.status === 200) return download;
    await download.read();
  }
}

async function measureLeaving(server: Signalbox): Promise<readonly Measure[]> {
  const downloads: Download[] = [];
  for (let place = 0; place < EXPORTS_OF_TENANT_COUNT_MAX; place += 1) {
    downloads.push(await openWhenFree(server, { format: "csv" }));
  }
  const readings = downloads.map((download) => download.read());
  const refused = await Download.open(server, pathOf({ format: "csv" }));
  if (refused.status !== 429) throw new Error(`one export too many → ${refused.status}`);
  await refused.read();
  for (const download of downloads) download.leave();
  const leftAt = performance.now();
  await Promise.all(readings);
  (await openWhenFree(server, { format: "csv" })).leave();
  const freeMs = performance.now() - leftAt;
  const beforeCpuMs = server.cpuMs();
  await sleep(1000);
  return [
    { name: "abandoned: until another may begin", unit: "ms", value: freeMs, goal: { atMost: 1000 } },
    {
      name: "all abandoned: processor time per second",
      unit: "ms",
      value: server.cpuMs() - beforeCpuMs,
      goal: { atMost: CPU_AFTER_MS_MAX },
    },
  ];
}

// ── During full load ────────────────────────────────────────────────────────────────────────────────────────────────

interface Publish {
  readonly server: Signalbox;
  readonly receiver: Receiver;
  readonly next: NextRequest;
  readonly settings: Settings;
}

function publishFor({ server, receiver, next }: Publish, seconds: number): Promise<Published> {
  const { port } = server;
  return measurePublishing({
    port,
    receiver,
    connections: CONNECTIONS,
    next,
    seconds,
    ratePerSecond: null,
    events: 1,
  });
}

interface Round {
  readonly published: Published;
  readonly walMb: number;
  readonly rowsPerSecond: number;
  readonly firstByteMs: number;
}

async function measureDuring(publish: Publish): Promise<readonly Measure[]> {
  const { seconds, note } = publish.settings;
  const measure = (format: Format | null) => async (): Promise<Round> => {
    const { peak, result } = await peakWhile(publish.server.walMb, () =>
      exportWhile(publish.server, format, () => publishFor(publish, seconds)),
    );
    const { deliveredPerSecond } = result.published;
    note(
      `full load ${format === null ? "alone" : `with ${format}`}: ${Math.round(deliveredPerSecond)} delivered per second`,
    );
    return { ...result, walMb: peak };
  };
  const { alone, csv, ndjson } = await inTurn(ROUNDS, {
    alone: measure(null),
    csv: measure("csv"),
    ndjson: measure("ndjson"),
  });
  const medianOf = (rounds: readonly Round[], value: (round: Round) => number) => median(rounds.map(value));
  const delivered = ({ published }: Round) => published.deliveredPerSecond;
  const all = [...alone, ...csv, ...ndjson].map(({ published }) => published);
  return [
    { name: "publishing alone: delivered", unit: "/s", value: medianOf(alone, delivered) },
    { name: "publishing alone: longest log", unit: "MB", value: Math.max(...alone.map(({ walMb }) => walMb)) },
    ...([csv, ndjson] as const).flatMap((rounds, format): Measure[] => [
      { name: `during ${FORMATS[format]}: delivered`, unit: "/s", value: medianOf(rounds, delivered) },
      {
        name: `during ${FORMATS[format]}: delivered ÷ alone`,
        unit: "×",
        // Compares measurements of the same round, because the machine's speed may halve from one round to the next.
        value: median(rounds.map((round, index) => delivered(round) / delivered(alone[index] ?? round))),
        goal: { atLeast: DELIVERED_RATIO_MIN },
      },
      {
        name: `during ${FORMATS[format]}: rows exported`,
        unit: "/s",
        value: medianOf(rounds, ({ rowsPerSecond }) => rowsPerSecond),
      },
      {
        name: `during ${FORMATS[format]}: longest first byte`,
        unit: "ms",
        value: Math.max(...rounds.map(({ firstByteMs }) => firstByteMs)),
      },
      {
        name: `during ${FORMATS[format]}: longest log`,
        unit: "MB",
        value: Math.max(...rounds.map(({ walMb }) => walMb)),
        goal: { atMost: WAL_MB_MAX },
      },
    ]),
    { name: "refused", unit: "", value: all.reduce((sum, { refused }) => sum + refused, 0) },
    { name: "missing", unit: "", value: all.reduce((sum, { missing }) => sum + missing, 0), goal: { atMost: 0 } },
  ];
}

/** Runs one export after the other until the work is done, and reads each as fast as it comes. Null: no export. */
async function exportWhile(
  server: Signalbox,
  format: Format | null,
  work: () => Promise<Published>,
): Promise<Omit<Round, "walMb">> {
  if (format === null) return { published: await work(), rowsPerSecond: 0, firstByteMs: 0 };
  const over = new AbortController();
  const startedAt = performance.now();
  const exporting = exportUntil(server, format, over.signal);
  const published = await work();
  over.abort();
  const { rows, firstByteMs } = await exporting;
  return { published, rowsPerSecond: (rows / (performance.now() - startedAt)) * 1000, firstByteMs };
}

async function exportUntil(server: Signalbox, format: Format, over: AbortSignal) {
  let rows = 0;
  let firstByteMs = 0;
  while (!over.aborted) {
    const download = await openWhenFree(server, { format });
    const leave = (): void => download.leave();
    over.addEventListener("abort", leave);
    if (over.aborted) leave();
    await download.read();
    over.removeEventListener("abort", leave);
    rows += rowsOf(download, format);
    firstByteMs = Math.max(firstByteMs, download.firstByteMs);
  }
  return { rows, firstByteMs };
}

// ── A slow client ───────────────────────────────────────────────────────────────────────────────────────────────────

/** If the export were one transaction, the write-ahead log could not be reset until the client had finished. */
async function measureSlow(publish: Publish): Promise<readonly Measure[]> {
  const { server } = publish;
  const download = await openWhenFree(server, { format: "csv" });
  const reading = download.read(SLOW_PACE);
  const { peak, result } = await peakWhile(server.walMb, () => publishFor(publish, SLOW_SECONDS));
  const takenMb = download.bytes / 2 ** 20;
  download.leave();
  await reading;
  return [
    { name: "with a slow client: longest log", unit: "MB", value: peak, goal: { atMost: WAL_MB_MAX } },
    { name: "with a slow client: delivered", unit: "/s", value: result.deliveredPerSecond },
    { name: "with a slow client: read by it", unit: "MB", value: takenMb },
  ];
}

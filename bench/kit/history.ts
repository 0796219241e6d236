/** Fills a store with history, in every state that does not take days to reach, mixed over the whole time. */
import { LEDGER_BEHIND_ROWS_MAX } from "../../src/domain/limits.ts";
import { isOnPostgres, queryDatabase } from "../postgres/database.ts";
import { multiply, PUBLISHED_MAX } from "../postgres/multiply.ts";
import { sleep } from "./clock.ts";
import { runLoad, untilAllIsSent } from "./load.ts";
import type { Receiver } from "./receiving.ts";
import { inBatches } from "./requests.ts";
import { createEndpoint, type Signalbox, startSignalbox } from "./signalbox.ts";

export interface History {
  /** The number of deliveries, which is about the sequence number of the last one. */
  readonly total: number;
  /** When its oldest and its newest deliveries were made. */
  readonly startMs: number;
  readonly endMs: number;
  readonly ids: Readonly<Record<"busy" | "rare" | "flaky" | "paused" | "deleted", string>>;
  readonly events: { readonly some: string };
}

/** A second in the middle of a history. */
export function middleOf({ startMs, endMs }: History): { readonly from: string; readonly to: string } {
  const middleMs = (startMs + endMs) / 2;
  return { from: new Date(middleMs).toISOString(), to: new Date(middleMs + 1000).toISOString() };
}

/** The end of its first tenth. */
export function earlyOf({ startMs, endMs }: History): { readonly to: string } {
  return { to: new Date(startMs + (endMs - startMs) / 10).toISOString() };
}

const GOOD_ENDPOINTS = 20;
const KINDS = ["a", "b", "c", "d"];
const RARE = 20;
const DAY_SECONDS = 86_400;
const EVENTS_EACH = 500;
const CONNECTIONS = 4;
const STALLED_MS = 15_000;
const POLL_MS = 100;
const SETTLED_MS_MAX = 60_000;
const COLUMNS_MS_PER_ROW_MAX = 0.2;

async function fill(server: Signalbox, receiver: Receiver, total: number): Promise<History> {
  const ids = await createAll(server, receiver);
  await receiver.begin(untilAllIsSent());
  const startMs = Date.now();
  // The oldest of all, so that a search from the newest row takes longest to find them.
  await publish(server, RARE, () => "rare.first");
  let received = RARE;
  await publish(server, total - RARE, (seq) => {
    const type = typeOf(seq);
    if (type.startsWith("good.")) received += 1;
    return type;
  });
  const endMs = Date.now();
  await receiver.arrived(received, STALLED_MS);
  await server.call("DELETE", `/v1/endpoints/${ids.deleted}`);
  await noneLeft(server, `endpoint_id=${ids.flaky}&status=PENDING`);
  await noneLeft(server, `endpoint_id=${ids.retried}&status=PENDING`);
  return { total, startMs, endMs, ids, events: { some: await someEvent(server, ids.busy) } };
}

/**
 * Fills a data directory with a separate server and stops it, so that measurements start with a fresh process. On
 * PostgreSQL, most of a large history are copies.
 */
export async function fillAndStop(dataDir: string, receiver: Receiver, total: number): Promise<History> {
  const times = isOnPostgres() ? Math.ceil(total / PUBLISHED_MAX) : 1;
  await using server = await startSignalbox({ dataDir, profileDir: null });
  const made = await fill(server, receiver, Math.round(total / times));
  await server.stop();
  if (times === 1) return made;
  const multiplied = await multiply(dataDir, made, times);
  await readColumns(dataDir, multiplied.total);
  return multiplied;
}

/** Waits until the history in columns has the copies, as it has what a server published. */
async function readColumns(dataDir: string, total: number): Promise<void> {
  await using server = await startSignalbox({ dataDir, profileDir: null });
  const deadline = performance.now() + total * COLUMNS_MS_PER_ROW_MAX;
  while ((await rowsInColumns(dataDir)) < total - LEDGER_BEHIND_ROWS_MAX) {
    if (performance.now() > deadline) throw new Error("the history in columns does not catch up");
    await sleep(POLL_MS);
  }
  await server.stop();
}

async function rowsInColumns(dataDir: string): Promise<number> {
  const sql = "SELECT coalesce(sum(count), 0)::float8 AS count FROM signalbox.ledger_segments";
  const [row] = await queryDatabase<{ count: number }>(dataDir, sql);
  return Number(row?.count);
}

async function createAll(server: Signalbox, receiver: Receiver) {
  const create = (name: string, url: string, more: object = {}) =>
    createEndpoint(server, { name, url, event_types: [`${name}.*`], ...more });
  const accept = receiver.url("accept");
  const ids = {
    rare: await create("rare", accept),
    busy: await create("good.0", accept),
    /** Half of its deliveries fail. If all of them failed, the server would back off from the endpoint. */
    flaky: await create("flaky", receiver.url("half"), { retry_schedule_seconds: [] }),
    retried: await create("retried", receiver.url("half"), { retry_schedule_seconds: [DAY_SECONDS] }),
    paused: await create("paused", accept),
    slow: await create("slow", accept, { rate_limit_per_second: 1 }),
    deleted: await create("deleted", accept),
  };
  for (let index = 1; index < GOOD_ENDPOINTS; index += 1) await create(`good.${index}`, accept);
  for (const id of [ids.paused, ids.deleted]) await server.call("PATCH", `/v1/endpoints/${id}`, { status: "PAUSED" });
  return ids;
}

/**
 * Of 20 events, 14 go to good endpoints, half of them to one busy endpoint. The others go to endpoints where half of
 * the deliveries fail or wait for a retry, or where deliveries are held, wait for a rate limit, or will be cancelled.
 */
function typeOf(seq: number): string {
  const kind = KINDS[Math.floor(seq / 7) % KINDS.length];
  switch (seq % 20) {
    case 0:
    case 1:
      return `flaky.${kind}`;
    case 2:
      return `retried.${kind}`;
    case 3:
      return `paused.${kind}`;
    case 4:
      return `slow.${kind}`;
    case 5:
      return `deleted.${kind}`;
    case 6:
    case 7:
    case 8:
    case 9:
    case 10:
    case 11:
    case 12:
      return `good.0.${kind}`;
    default:
      return `good.${Math.floor(seq / 20) % GOOD_ENDPOINTS}.${kind}`;
  }
}

async function publish(server: Signalbox, events: number, typeFor: (seq: number) => string): Promise<void> {
  const { port } = server;
  const next = inBatches(server, { eventsEach: EVENTS_EACH, events, typeOf: typeFor });
  const { refused } = await runLoad({
    port,
    connections: CONNECTIONS,
    next,
    ratePerSecond: null,
    window: untilAllIsSent(),
  });
  if (refused > 0) throw new Error(`${refused} batches were refused`);
}

/** Waits until the list is empty. */
async function noneLeft(server: Signalbox, query: string): Promise<void> {
  const deadline = performance.now() + SETTLED_MS_MAX;
  for (;;) {
    const page = await server.call("GET", `/v1/deliveries?${query}&limit=1`);
    if (Array.isArray(page.results) && page.results.length === 0) return;
    if (performance.now() > deadline) throw new Error(`still there: ${query}`);
    await sleep(POLL_MS);
  }
}

async function someEvent(server: Signalbox, endpointId: string): Promise<string> {
  const page = await server.call("GET", `/v1/deliveries?endpoint_id=${endpointId}&limit=1`);
  const [first] = page.results as readonly { readonly event_id: string }[];
  if (first === undefined) throw new Error("nothing was delivered");
  return first.event_id;
}

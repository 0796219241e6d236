/** The store on PostgreSQL. Its threads and verbs are the embedded store's; their statements run on a connection. */
import type { MessagePort } from "node:worker_threads";
import type pg from "pg";
import type { DatabaseAddress } from "../../domain/database-address.ts";
import { NODE_DEAF_POLL_MS } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { NodeNote, NodeNotes, Store } from "../../ports/store.ts";
import type { Noticed } from "../../ports/telemetry.ts";
import { openStore, type ThreadsOptions } from "../store.ts";
import type { ThreadStart } from "../threads/thread.ts";
import { type ConnectionOptions, connect, connectionOptions } from "./connect.ts";
import { Connections } from "./connections.ts";
import { migrate } from "./migrate.ts";
import { type Session, sessionOf } from "./pooler.ts";
import { startupFault } from "./startup/startup-fault.ts";

export interface PostgresOptions {
  readonly database: DatabaseAddress;
  /** 32 bytes, the same on every node. */
  readonly masterKey: Uint8Array;
  /** Called when a thread of the store ended by itself. The process then has to end. */
  readonly onDeath: (error: Error) => void;
  /** What the operator should know about the connections. */
  readonly onNotice?: (notice: Noticed) => void;
  readonly historyCacheBytes?: number;
  readonly startRunner?: ThreadsOptions["startRunner"];
  readonly clock?: Pick<Clock, "after" | "follow" | "monotonicMs">;
  /** Tests with many stores share one thread. The store does not close it. */
  readonly connections?: Connections;
}

const UNNOTIFIED: Noticed = {
  level: "warn",
  what: "pooler_without_notifications",
  fields: {
    effect: `this node looks for the changes of other nodes every ${NODE_DEAF_POLL_MS} ms`,
    fix: "use a pooler in session mode, or connect to PostgreSQL directly",
  },
};
const UNPREPARED: Noticed = {
  level: "warn",
  what: "pooler_without_prepared_statements",
  fields: {
    effect: "PostgreSQL plans each statement anew, which costs it CPU time",
    fix: "set max_prepared_statements to 200 in PgBouncer 1.21 or later, or connect to PostgreSQL directly",
  },
};

/** @throws StartupError when the database cannot be used, or has another master key or a newer schema */
export async function openPostgresStore({
  database: address,
  masterKey,
  onDeath,
  onNotice,
  ...options
}: PostgresOptions): Promise<Store> {
  const direct = connectionOptions(address);
  const { isOwn, keepsStatements } = await bringUpToDate(direct, options.clock);
  if (!isOwn) onNotice?.(UNNOTIFIED);
  if (!keepsStatements) onNotice?.(UNPREPARED);
  const database = { ...direct, isShared: !isOwn };
  const connections = options.connections ?? (await Connections.start(onDeath));
  const notes = connections.openNotes(database);
  const close = async () => {
    notes.close();
    if (options.connections === undefined) await connections.close();
  };
  const data = (): ThreadStart => {
    const link = connections.open(database);
    return { workerData: { masterKey, database: { kind: "postgres", link } }, transferList: [link.port] };
  };
  try {
    return await openStore({
      data,
      notes: notesOver(notes),
      onDeath,
      ...(options.historyCacheBytes && { historyCacheBytes: options.historyCacheBytes }),
      ...(options.startRunner && { startRunner: options.startRunner }),
      ...(options.clock && { clock: options.clock }),
      measure: async (reader) => ({ fileBytes: await reader.call<number>("measureDatabase", []), walBytes: 0 }),
      close,
    });
  } catch (error) {
    await close();
    throw error;
  }
}

function notesOver(port: MessagePort): NodeNotes {
  return {
    send: (note) => port.postMessage(note),
    listen(onNote) {
      port.on("message", (notes: readonly NodeNote[]) => notes.forEach(onNote));
      port.unref();
    },
  };
}

async function bringUpToDate(database: ConnectionOptions, clock: PostgresOptions["clock"]): Promise<Session> {
  try {
    const client = await connect(database);
    try {
      await migrate(client);
      if (clock !== undefined) await followClock(client, clock);
      return await sessionOf(client, database);
    } finally {
      await client.end();
    }
  } catch (error) {
    throw startupFault(error, database);
  }
}

const CLOCK = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::int8 AS at";

/** Before anything is stored: a node whose clock is wrong stores no wrong time. Heartbeats make the offset more exact. */
async function followClock(client: pg.Client, clock: Pick<Clock, "follow" | "monotonicMs">): Promise<void> {
  const beganMs = clock.monotonicMs();
  const { rows } = await client.query<{ at: string }>(CLOCK);
  clock.follow(Number(rows[0]?.at), beganMs);
}

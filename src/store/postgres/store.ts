/** The store on PostgreSQL. Its threads and verbs are the embedded store's; their statements run on a connection. */
import type { MessagePort } from "node:worker_threads";
import type pg from "pg";
import type { DatabaseAddress } from "../../domain/database-address.ts";
import type { Clock } from "../../ports/clock.ts";
import type { NodeNote, NodeNotes, Store } from "../../ports/store.ts";
import { openStore, type ThreadsOptions } from "../store.ts";
import type { ThreadStart } from "../threads/thread.ts";
import { type ConnectionOptions, connect, connectionOptions } from "./connect.ts";
import { Connections } from "./connections.ts";
import { migrate } from "./migrate.ts";
import { checkSessions } from "./startup/sessions.ts";
import { startupFault } from "./startup/startup-fault.ts";

export interface PostgresOptions {
  readonly database: DatabaseAddress;
  /** 32 bytes, the same on every node. */
  readonly masterKey: Uint8Array;
  /** Called when a thread of the store ended by itself. The process then has to end. */
  readonly onDeath: (error: Error) => void;
  readonly startRunner?: ThreadsOptions["startRunner"];
  readonly clock?: Pick<Clock, "after" | "follow" | "wallMs">;
  /** Tests with many stores share one thread. The store does not close it. */
  readonly connections?: Connections;
}

/** @throws StartupError when the database cannot be used, or has another master key or a newer schema */
export async function openPostgresStore({
  database: address,
  masterKey,
  onDeath,
  ...options
}: PostgresOptions): Promise<Store> {
  const database = connectionOptions(address);
  await bringUpToDate(database, options.clock);
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

async function bringUpToDate(database: ConnectionOptions, clock: PostgresOptions["clock"]): Promise<void> {
  try {
    const client = await connect(database);
    const other = await connect(database);
    try {
      await checkSessions(client, other);
      await migrate(client);
      if (clock !== undefined) await followClock(client, clock);
    } finally {
      await Promise.all([client.end(), other.end()]);
    }
  } catch (error) {
    throw startupFault(error, database);
  }
}

const CLOCK = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::int8 AS at";

/** Before anything is stored: a node whose clock is wrong stores no wrong time. Heartbeats make the offset more exact. */
async function followClock(client: pg.Client, clock: Pick<Clock, "follow" | "wallMs">): Promise<void> {
  const { rows } = await client.query<{ at: string }>(CLOCK);
  clock.follow(Number(rows[0]?.at) - clock.wallMs());
}

/** The PostgreSQL server of `--store postgres`: a database for each data directory, with the settings of production. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type DatabaseAddress, shownDatabase } from "../../src/domain/database-address.ts";
import type { Store } from "../../src/ports/store.ts";
import { openPostgresStore } from "../../src/store/postgres/store.ts";
import { type PostgresServer, startPostgres } from "../../test/postgres/server.ts";

const SETTINGS = {
  fsync: "on",
  full_page_writes: "on",
  synchronous_commit: "on",
  autovacuum: "on",
  shared_buffers: "1GB",
  max_wal_size: "4GB",
};
const masterKey = randomBytes(32);

let server: PostgresServer | null = null;
const databases = new Map<string, DatabaseAddress>();
/** The size of each database right after its first node has started: PostgreSQL's catalogs take some 10 MB. */
const emptyBytes = new Map<string, number>();

export async function usePostgres(): Promise<AsyncDisposable> {
  const started = await startPostgres(SETTINGS);
  server = started;
  return { [Symbol.asyncDispose]: () => started.stop() };
}

/** A database without a data directory. Null with the embedded store. */
export async function newDatabase(): Promise<DatabaseAddress | null> {
  return (await server?.createDatabase()) ?? null;
}

/** The settings of a server on this data directory; none with the embedded store. */
export async function databaseSettings(dataDir: string): Promise<Readonly<Record<string, string>>> {
  if (server === null) return {};
  const address = databases.get(dataDir) ?? (await server.createDatabase());
  databases.set(dataDir, address);
  return { DATABASE_URL: shownDatabase(address), SIGNALBOX_MASTER_KEY: masterKey.toString("base64") };
}

/** The master key of all servers on PostgreSQL; null with the embedded store, where each has its own. */
export function databaseKey(): Uint8Array | null {
  return server === null ? null : masterKey;
}

export function isOnPostgres(): boolean {
  return server !== null;
}

/** Run statements in the database of this data directory, on a connection of its own. Returns the rows of a single one. */
export async function queryDatabase<Row>(dataDir: string, sql: string): Promise<readonly Row[]> {
  const address = databases.get(dataDir);
  assert(server !== null && address !== undefined);
  return (await server.query(address, sql)) as readonly Row[];
}

/** The node has started: what its database has now does not count as stored. */
export async function noteEmpty(dataDir: string): Promise<void> {
  const bytes = await sizeOf(dataDir);
  if (bytes !== null && !emptyBytes.has(dataDir)) emptyBytes.set(dataDir, bytes);
}

/** How much the database has grown. Null with the embedded store. */
export async function databaseBytes(dataDir: string): Promise<number | null> {
  const bytes = await sizeOf(dataDir);
  return bytes === null ? null : bytes - (emptyBytes.get(dataDir) ?? 0);
}

async function sizeOf(dataDir: string): Promise<number | null> {
  if (!databases.has(dataDir)) return null;
  const [row] = await queryDatabase<{ bytes: number }>(
    dataDir,
    "SELECT pg_database_size(current_database())::float8 AS bytes",
  );
  return Number(row?.bytes);
}

/** The store of a data directory, beside the nodes that use it. */
export async function openStoreOf(dataDir: string): Promise<Store> {
  const database = databases.get(dataDir);
  assert(database !== undefined);
  const onDeath = (error: Error) => assert.fail(error);
  return openPostgresStore({ database, masterKey, onDeath });
}

export interface TableSize {
  readonly name: string;
  readonly rowsBytes: number;
  readonly indexesBytes: number;
}

const SIZES = `
  SELECT relname AS name, pg_table_size(oid)::float8 AS rows, pg_indexes_size(oid)::float8 AS indexes
  FROM pg_class
  WHERE relnamespace = 'signalbox'::regnamespace AND relkind = 'r'
  ORDER BY pg_total_relation_size(oid) DESC
  LIMIT 3`;

/** The largest tables. None with the embedded store. */
export async function largestTables(dataDir: string): Promise<readonly TableSize[]> {
  const address = databases.get(dataDir);
  if (server === null || address === undefined) return [];
  const rows = await server.query(address, SIZES);
  return rows.map(({ name, rows: rowsBytes, indexes }) => ({
    name: String(name),
    rowsBytes: Number(rowsBytes),
    indexesBytes: Number(indexes),
  }));
}

/** The process that started the server's other ones; null with the embedded store. */
export function databaseProcess(): number | null {
  return server?.pid() ?? null;
}

/** How much of the write-ahead log has been written since the server was created. */
export async function databaseWalBytes(dataDir: string): Promise<number> {
  if (!databases.has(dataDir)) return 0;
  const [row] = await queryDatabase<{ bytes: number }>(
    dataDir,
    "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 AS bytes",
  );
  return Number(row?.bytes);
}

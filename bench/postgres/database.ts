/** The PostgreSQL server of `--store postgres`: a database for each data directory, with the settings of production. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type DatabaseAddress, shownDatabase } from "../../src/domain/database-address.ts";
import { type PostgresServer, startPostgres } from "../../test/postgres/server.ts";

const SETTINGS = {
  fsync: "on",
  full_page_writes: "on",
  synchronous_commit: "on",
  autovacuum: "on",
  shared_buffers: "1GB",
  max_wal_size: "4GB",
};
const masterKey = randomBytes(32).toString("base64");

let server: PostgresServer | null = null;
const databases = new Map<string, DatabaseAddress>();
/** The size of each database right after its first node has started: PostgreSQL's catalogs take some 10 MB. */
const emptyBytes = new Map<string, number>();

export async function usePostgres(): Promise<AsyncDisposable> {
  const started = await startPostgres(SETTINGS);
  server = started;
  return { [Symbol.asyncDispose]: () => started.stop() };
}

/** The settings of a server on this data directory; none with the embedded store. */
export async function databaseSettings(dataDir: string): Promise<Readonly<Record<string, string>>> {
  if (server === null) return {};
  const address = databases.get(dataDir) ?? (await server.createDatabase());
  databases.set(dataDir, address);
  return { DATABASE_URL: shownDatabase(address), SIGNALBOX_MASTER_KEY: masterKey };
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
  const address = databases.get(dataDir);
  if (server === null || address === undefined) return null;
  const [row] = await server.query(address, "SELECT pg_database_size(current_database())::float8 AS bytes");
  assert(row !== undefined);
  return Number(row.bytes);
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
  const address = databases.get(dataDir);
  if (server === null || address === undefined) return 0;
  const [row] = await server.query(address, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 AS bytes");
  return Number(row?.bytes);
}

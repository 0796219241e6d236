/** Opening the database file: pragmas, migrations, and the cache of prepared statements. */
import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { StartupError } from "../../domain/errors.ts";
import { WAL_SIZE_BYTES_MAX } from "../../domain/limits.ts";

/**
 * A connection and its prepared statements. The SQL text is the key, so each statement stands next to the verb that
 * runs it.
 */
export interface Connection {
  readonly db: DatabaseSync;
  prepare(sql: string): StatementSync;
}

/** Each of the two main connections caches this much: enough for the ends of all tables and indexes. */
const PAGE_CACHE_KB = 16 * 1024;
/** How long a connection waits for a transaction of the command line. */
export const BUSY_MS = 5000;
const PAGE_BYTES = 4096;

export function openConnection(file: string, mode: "write" | "read", pageCacheKb = PAGE_CACHE_KB): Connection {
  const db = new DatabaseSync(file, { readOnly: mode === "read", timeout: BUSY_MS });
  db.exec(`PRAGMA cache_size = -${pageCacheKb}`);
  if (mode === "write") {
    db.exec("PRAGMA journal_mode = WAL");
    db.exec("PRAGMA synchronous = FULL");
    db.exec(`PRAGMA journal_size_limit = ${WAL_SIZE_BYTES_MAX}`);
    // Only takes effect if the checkpoint thread does not keep up.
    db.exec(`PRAGMA wal_autocheckpoint = ${WAL_SIZE_BYTES_MAX / PAGE_BYTES}`);
    // A savepoint keeps the pages that it may have to restore. In a file, that was 20 of the 25 writes of a delivery.
    db.exec("PRAGMA temp_store = MEMORY");
    db.exec("PRAGMA foreign_keys = OFF"); // verbs that delete a row know which rows refer to it
  }
  const statements = new Map<string, StatementSync>();
  return {
    db,
    prepare(sql) {
      let statement = statements.get(sql);
      if (statement === undefined) {
        statement = db.prepare(sql);
        statements.set(sql, statement);
      }
      return statement;
    },
  };
}

/** A checkpoint bypasses the page cache, so this connection has none. */
export function openForCheckpoints(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: BUSY_MS });
  db.exec("PRAGMA cache_size = 1");
  return db;
}

const MIGRATIONS_DIR = new URL("./migrations/", import.meta.url);

function migrationNames(): string[] {
  return readdirSync(MIGRATIONS_DIR)
    .filter((name) => name.endsWith(".sql"))
    .sort();
}

function schemaOf({ db }: Connection): number {
  return Number(db.prepare("PRAGMA user_version").get()?.user_version);
}

/** Whether there is no tenant yet, so that a first start has not finished. */
export function isEmpty(connection: Connection): boolean {
  return schemaOf(connection) === 0 || connection.db.prepare("SELECT 1 FROM tenants").get() === undefined;
}

/** Whether `migrate` would change something. */
export function isBehind(connection: Connection): boolean {
  return schemaOf(connection) < migrationNames().length;
}

/**
 * Bring the schema up to date. Each numbered migration runs in its own transaction.
 *
 * @throws StartupError when the schema is newer than this version knows
 */
export function migrate(connection: Connection): void {
  const { db } = connection;
  const migrations = migrationNames();
  const newest = migrations.length;
  const present = schemaOf(connection);
  if (present > newest) {
    throw new StartupError(
      `the data was written by a newer Signalbox (schema ${present}, this one knows ${newest}); install that version or a later one`,
    );
  }
  for (const [index, name] of migrations.entries()) {
    const number = index + 1;
    if (Number.parseInt(name, 10) !== number) throw new Error(`migration ${name} is out of sequence`);
    if (number <= present) continue;
    db.exec("BEGIN IMMEDIATE");
    db.exec(readFileSync(new URL(name, MIGRATIONS_DIR), "utf8"));
    db.exec(`PRAGMA user_version = ${number}`);
    db.exec("COMMIT");
  }
}

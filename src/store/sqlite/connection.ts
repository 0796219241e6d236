/** Opening the database file: pragmas, migrations, and the cache of prepared statements. */
import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { StartupError } from "../../domain/errors.ts";
import { WAL_SIZE_BYTES_MAX } from "../../domain/limits.ts";
import type { Connection, Fault, Row, Statement } from "../connection.ts";

/** The fields of an error from SQLite; see https://www.sqlite.org/rescode.html. */
interface SqliteError extends Error {
  readonly code: "ERR_SQLITE_ERROR";
  readonly errcode: number;
  readonly errstr: string;
}

const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;
const SQLITE_CONSTRAINT = 19;

export interface SqliteConnection extends Connection {
  readonly db: DatabaseSync;
}

/** The writer changes the ends of tables and indexes, which take little. */
export const WRITER_PAGE_CACHE_KB = 4 * 1024;
/** Lists read rows of many pages. */
const PAGE_CACHE_KB = 16 * 1024;
/** How long a connection waits for a transaction of the command line. */
export const BUSY_MS = 5000;
const PAGE_BYTES = 4096;

export function openConnection(file: string, mode: "write" | "read", pageCacheKb = PAGE_CACHE_KB): SqliteConnection {
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
  const statements = new Map<string, Statement>();
  function prepare(sql: string): Statement {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = statementOf(db.prepare(sql));
      statements.set(sql, statement);
    }
    return statement;
  }
  return {
    db,
    isShared: false,
    prepare,
    begin: (how) => void prepare(how === "write" ? "BEGIN IMMEDIATE" : "BEGIN").run(),
    isOvertaken: () => false, // the file has one server
    clockMs: () => null,
    outsideVersion: () => Number(prepare("PRAGMA data_version").get()?.data_version),
    commit: () => void prepare("COMMIT").run(),
    rollback() {
      if (db.isTransaction) db.exec("ROLLBACK");
    },
    isTransaction: () => db.isTransaction,
    savepoint: (step) => SAVEPOINT_STEPS[step].forEach((sql) => void prepare(sql).run()),
    faultOf,
    close: () => db.close(),
  };
}

/** SQLite's own object, which takes no wrapper's time, with the methods that it lacks. */
function statementOf(prepared: StatementSync): Statement {
  const runEach: Statement["runEach"] = (rows) => ({
    changed: rows.map((values) => prepared.run(...values).changes === 1),
  });
  const allLater: Statement["allLater"] = (...values) => {
    const rows = prepared.all(...values) as Row[];
    return () => rows;
  };
  return Object.assign(prepared, { runEach, allLater }) as unknown as Statement;
}

/** Savepoints of one name nest: RELEASE and ROLLBACK TO refer to the innermost. */
const SAVEPOINT_STEPS = {
  begin: ["SAVEPOINT verb"],
  release: ["RELEASE verb"],
  undo: ["ROLLBACK TO verb", "RELEASE verb"],
};

function faultOf(error: unknown): Fault | null {
  if (!isSqliteError(error)) return null;
  const code = error.errcode & 0xff;
  if (code === SQLITE_CONSTRAINT) return { kind: "verb" };
  const full = code === SQLITE_FULL;
  return full || code === SQLITE_BUSY ? { kind: "passing", message: error.errstr, full } : { kind: "fatal" };
}

function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR";
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

/** The schema of this version. */
export function newestSchema(): number {
  return migrationNames().length;
}

function schemaOf({ db }: SqliteConnection): number {
  return Number(db.prepare("PRAGMA user_version").get()?.user_version);
}

/** Whether there is no tenant yet, so that a first start has not finished. */
export function isEmpty(connection: SqliteConnection): boolean {
  return schemaOf(connection) === 0 || connection.db.prepare("SELECT 1 FROM tenants").get() === undefined;
}

/** Whether `migrate` would change something. */
export function isBehind(connection: SqliteConnection): boolean {
  return schemaOf(connection) < newestSchema();
}

/**
 * Bring the schema up to date. Each numbered migration runs in its own transaction.
 *
 * @throws StartupError when the schema is newer than this version knows
 */
export function migrate(connection: SqliteConnection): void {
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

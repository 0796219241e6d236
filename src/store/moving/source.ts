/**
 * The embedded store that is moved. No server runs on it, and one transaction keeps the command line from writing: what is
 * read is one state, and it says that it has been moved, or nothing of it has changed.
 */
import { randomInt } from "node:crypto";
import { StartupError } from "../../domain/errors.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import { checkMasterKey } from "../access/key-check.ts";
import type { Row, SqlValue } from "../connection.ts";
import { all, one } from "../read-connection.ts";
import { isEmpty, migrate, openConnection, type SqliteConnection } from "../sqlite/connection.ts";
import { type DirLock, existingData, lockDir, masterKey, openFault } from "../sqlite/files/files.ts";
import { markMoved, refuseMoved } from "../sqlite/moved.ts";
import { enter, leave } from "../upkeep/nodes.ts";
import { createVault, type Vault } from "../vault.ts";
import { createWriting, endGroup, flush, readAgain, type Writing } from "../writing.ts";

export interface SourceOptions {
  readonly dataDir: string;
  /** 32 bytes. Null reads the directory's own key file. */
  readonly masterKey: Uint8Array | null;
  readonly newId: () => Uuid;
  readonly now: EpochMs;
}

/** Nodes have numbers of their own in every store, and nothing refers to one of them once it has stopped. */
const LEFT_OUT = "nodes";
/** PostgreSQL has one table for the idempotency keys of all days. */
const KEYS = "idempotency_keys";
const TABLES = `
  SELECT name
  FROM sqlite_master
  WHERE type = 'table' AND name NOT GLOB 'sqlite_*' AND name NOT GLOB 'idempotency_*' AND name <> ?
  UNION ALL
  SELECT '${KEYS}'`;
/** The highest number that a table without reused numbers ever had. */
const LAST_NUMBER = "SELECT seq FROM sqlite_sequence WHERE name = ?";

export class Source {
  readonly #w: Writing;
  readonly #file: string;
  readonly #lock: DirLock;

  constructor(w: Writing, file: string, lock: DirLock) {
    this.#w = w;
    this.#file = file;
    this.#lock = lock;
  }

  /** Identifies the store, wherever its directory is: the id of its first tenant, in hexadecimal. */
  get id(): string {
    const first = one<{ id: Uint8Array }>(this.#w, "SELECT id FROM tenants ORDER BY seq LIMIT 1");
    return Buffer.from(first?.id ?? []).toString("hex");
  }

  get checkValue(): string {
    return this.#w.vault.checkValue;
  }

  get tables(): readonly string[] {
    return all<{ name: string }>(this.#w, TABLES, LEFT_OUT).map(({ name }) => name);
  }

  columns(table: string): readonly string[] {
    return all<{ name: string }>(this.#w, "SELECT name FROM pragma_table_info(?)", table).map(({ name }) => name);
  }

  *rows(table: string, columns: readonly string[]): Iterable<readonly SqlValue[]> {
    const names = columns.map((name) => `"${name}"`).join(", ");
    for (const row of this.#w.prepare(`SELECT ${names} FROM ${table}`).iterate()) {
      yield columns.map((name) => storable(row[name] ?? null));
    }
  }

  lastNumber(table: string): Seq {
    return one<{ seq: Seq }>(this.#w, LAST_NUMBER, table)?.seq ?? 0;
  }

  all(sql: string): readonly Row[] {
    return this.#w.prepare(sql).all();
  }

  /** Payloads of events that are chosen at random, by the sequence of the event. */
  somePayloads(countMax: number): ReadonlyMap<Seq, string> {
    const bounds = one<{ first: Seq | null; last: Seq | null }>(
      this.#w,
      "SELECT min(seq) AS first, max(seq) AS last FROM events",
    );
    const payloads = new Map<Seq, string>();
    if (bounds?.first == null || bounds.last === null) return payloads;
    const next = this.#w.prepare("SELECT seq, payload FROM events WHERE seq >= ? ORDER BY seq LIMIT 1");
    for (let tries = 0; tries < countMax; tries += 1) {
      const row = next.get(bounds.first + randomInt(bounds.last - bounds.first + 1));
      payloads.set(Number(row?.seq), String(storable(row?.payload ?? null)));
    }
    return payloads;
  }

  /** From the commit on, nothing starts on the directory any more. */
  markMoved(place: string): void {
    markMoved(this.#w, place);
  }

  commit(): void {
    this.#w.commit();
  }

  /** The error for the operator; null when it is not this store's. */
  fault(error: unknown): StartupError | null {
    return this.#w.faultOf(error) === null ? null : openFault(this.#file, error);
  }

  /** Undoes everything that was not committed. */
  close(): void {
    this.#w.rollback();
    this.#w.close();
    this.#lock.release();
  }
}

/** PostgreSQL has no text with a NUL. */
function storable(value: SqlValue): SqlValue {
  return typeof value === "string" && value.includes("\0") ? value.replaceAll("\0", "\ufffd") : value;
}

/** @throws StartupError when there is no data, a server runs on it, or it was moved before */
export function openSource({ dataDir, masterKey: given, newId, now }: SourceOptions): Source {
  const files = existingData(dataDir);
  const lock = lockDir(files, dataDir);
  let connection: SqliteConnection | null = null;
  try {
    const vault = createVault(masterKey(files, given));
    connection = openConnection(files.database, "write");
    migrate(connection);
    refuseMoved(connection);
    if (isEmpty(connection)) {
      throw new StartupError(
        `there is nothing to move in ${dataDir}: start the server with DATABASE_URL instead`,
        "missing",
      );
    }
    return new Source(begin(connection, vault, newId, now), files.database, lock);
  } catch (error) {
    connection?.rollback();
    connection?.close();
    lock.release();
    throw openFault(files.database, error);
  }
}

const KEY_COLUMNS = "tenant_seq, surface, key_hash, fingerprint, event_seq, expires_at";
const NO_KEYS =
  "SELECT 0 AS day, 0 AS tenant_seq, '' AS surface, x'' AS key_hash, x'' AS fingerprint, 0 AS event_seq, 0 AS expires_at WHERE 0";

/** The rows of the daily tables, as PostgreSQL has them. */
function keysOf(days: Iterable<number>): string {
  const tables = [...days].map((day) => `SELECT ${day} AS day, ${KEY_COLUMNS} FROM idempotency_${day}`);
  return [NO_KEYS, ...tables].join(" UNION ALL ");
}

/** Give back what nodes had leased, owned and claimed, as a start does. It is not committed yet. */
function begin(connection: SqliteConnection, vault: Vault, newId: () => Uuid, now: EpochMs): Writing {
  const w = createWriting(connection, vault, newId);
  w.begin("write");
  checkMasterKey(w, vault);
  readAgain(w)();
  connection.db.exec(`CREATE TEMP VIEW ${KEYS} AS ${keysOf(w.memory.idempotencyDays)}`);
  enter(w, now);
  leave(w, now);
  flush(w);
  endGroup(w);
  return w;
}

/**
 * The PostgreSQL database that a store is moved to. One transaction writes all of it: when it ends early, in whatever way,
 * the database is as it was.
 */
import pg from "pg";
import type { DatabaseAddress } from "../../domain/database-address.ts";
import { StartupError } from "../../domain/errors.ts";
import type { Seq } from "../../domain/ids.ts";
import {
  MOVE_BATCH_BYTES_MAX,
  MOVE_BATCH_ROWS_MAX,
  NODE_SILENT_MS,
  POSTGRES_LOCK_MS_MAX,
} from "../../domain/limits.ts";
import type { SqlValue } from "../connection.ts";
import { LOCK_NOT_AVAILABLE } from "../postgres/batch-query.ts";
import { connect, connectionOptions } from "../postgres/connect.ts";
import { migrate } from "../postgres/migrate.ts";
import { startupFault } from "../postgres/startup/startup-fault.ts";
import { hashQuery, type TableHash } from "./row-hash.ts";

export interface Column {
  readonly name: string;
  /** `bigint`, `integer`, `smallint`, `text` or `bytea`. */
  readonly type: string;
}

/** The tables without a counterpart in the embedded store, and the nodes, which have numbers of their own. */
const OWN_TABLES = "'nodes', 'turn', 'schema_version'";
// Other tables refer to tenants and users.
const TABLES = `
  SELECT table_name AS name
  FROM information_schema.tables
  WHERE table_schema = 'signalbox' AND table_type = 'BASE TABLE' AND table_name NOT IN (${OWN_TABLES})
  ORDER BY table_name <> 'tenants', table_name <> 'users', table_name`;
const COLUMNS = `
  SELECT column_name AS name, data_type AS type
  FROM information_schema.columns
  WHERE table_schema = 'signalbox' AND table_name = $1
  ORDER BY ordinal_position`;
const IDENTITIES = `
  SELECT table_name AS name, column_name AS column
  FROM information_schema.columns
  WHERE table_schema = 'signalbox' AND is_identity = 'YES'`;

// A statement may take as long as the largest table needs, and PostgreSQL may wait while the source is read. It finds out
// within two minutes when this machine is gone.
const BEGIN = `
  BEGIN;
  SET LOCAL search_path = signalbox;
  SET LOCAL lock_timeout = ${POSTGRES_LOCK_MS_MAX};
  SET LOCAL tcp_keepalives_idle = 60;
  SET LOCAL tcp_keepalives_interval = 10;
  SET LOCAL tcp_keepalives_count = 6;
  SELECT set_config(name, '0', true)
  FROM pg_settings
  WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')`;
/** The writing turn of nodes: no node can write now, and no second migration. */
const TAKE_TURN = "UPDATE turn SET number = number + 1";

const NODES_ALIVE = `
  SELECT count(*) AS count
  FROM nodes
  WHERE gone_at IS NULL AND seen_at > extract(epoch FROM clock_timestamp()) * 1000 - ${NODE_SILENT_MS}`;

export class Target {
  readonly #client: pg.Client;
  readonly #place: string;
  readonly #columns = new Map<string, readonly Column[]>();

  constructor(client: pg.Client, place: string) {
    this.#client = client;
    this.#place = place;
  }

  /**
   * Check that the database may be written, and empty it. It may have the data of the same source, as long as no server
   * has used it: then an earlier migration ended before the source noted it.
   *
   * @throws StartupError
   */
  async begin(source: { readonly id: string; readonly checkValue: string }): Promise<void> {
    await this.#client.query(BEGIN);
    await this.#takeTurn();
    const meta = new Map<string, string>();
    for (const { name, value } of await this.all<{ name: string; value: string }>("SELECT name, value FROM meta")) {
      meta.set(name, value);
    }
    if ((meta.get("master_key_check") ?? source.checkValue) !== source.checkValue) {
      throw new StartupError(
        `${this.#place} has data of another master key: name an empty database in --to`,
        "conflict",
      );
    }
    const tenants = await this.#count("SELECT count(*) AS count FROM tenants");
    const nodes = await this.#count("SELECT count(*) AS count FROM nodes");
    const isUnfinished = meta.get("moved_from") === source.id && nodes === 0;
    if (tenants > 0 && !isUnfinished) {
      throw new StartupError(
        `${this.#place} is in use: it has ${tenants} tenants. Name an empty database in --to`,
        "conflict",
      );
    }
    if ((await this.#count(NODES_ALIVE)) > 0) {
      throw new StartupError(
        `${this.#place} is in use: a server runs on it. Stop the server, or name another in --to`,
        "conflict",
      );
    }
    await this.#empty();
  }

  async #takeTurn(): Promise<void> {
    try {
      await this.#client.query(TAKE_TURN);
    } catch (error) {
      if (!(error instanceof pg.DatabaseError) || error.code !== LOCK_NOT_AVAILABLE) throw error;
      throw new StartupError(
        `${this.#place} is in use by an unfinished migration: wait until it has ended, and try again`,
        "conflict",
      );
    }
  }

  async #empty(): Promise<void> {
    await this.#client.query(`TRUNCATE nodes, ${(await this.tables()).join(", ")} RESTART IDENTITY`);
  }

  /** In an order in which they can be filled. */
  async tables(): Promise<readonly string[]> {
    return (await this.all<{ name: string }>(TABLES)).map(({ name }) => name);
  }

  async columns(table: string): Promise<readonly Column[]> {
    let columns = this.#columns.get(table);
    if (columns === undefined) {
      columns = (await this.#client.query<Column>(COLUMNS, [table])).rows;
      this.#columns.set(table, columns);
    }
    return columns;
  }

  async insert(table: string, columns: readonly Column[], { arrays }: Batch): Promise<void> {
    const names = columns.map(({ name }) => `"${name}"`).join(", ");
    const parameters = columns.map(({ type }, index) => `$${index + 1}::${type}[]`).join(", ");
    await this.#client.query(`INSERT INTO ${table} (${names}) SELECT * FROM unnest(${parameters})`, [...arrays]);
  }

  /** Numbers go on after the highest that the source ever gave. */
  async continueNumbers(lastOf: (table: string) => Seq): Promise<void> {
    for (const { name, column } of await this.all<{ name: string; column: string }>(IDENTITIES)) {
      const present = await this.#count(`SELECT coalesce(max(${column}), 0) AS count FROM ${name}`);
      const last = Math.max(present, lastOf(name));
      if (last === 0) continue;
      await this.#client.query("SELECT setval(pg_get_serial_sequence($1, $2), $3)", [name, column, last]);
    }
  }

  async hash(table: string): Promise<TableHash> {
    const [row] = await this.all<{ rows: string; hash: string }>(hashQuery(table, await this.columns(table)));
    return { rows: Number(row?.rows), hash: String(row?.hash) };
  }

  async payloads(seqs: readonly Seq[]): Promise<ReadonlyMap<Seq, string>> {
    const { rows } = await this.#client.query<{ seq: string; payload: string }>(
      "SELECT seq, payload FROM events WHERE seq = ANY($1::bigint[])",
      [seqs],
    );
    return new Map(rows.map(({ seq, payload }) => [Number(seq), payload]));
  }

  /** Numbers are texts. */
  async all<Row extends object>(sql: string): Promise<readonly Row[]> {
    return (await this.#client.query<Row>(sql)).rows;
  }

  async #count(sql: string): Promise<number> {
    const [row] = await this.all<{ count: string }>(sql);
    return Number(row?.count);
  }

  /** Note where the data comes from, and keep it. */
  async commit(sourceId: string): Promise<void> {
    await this.#client.query("INSERT INTO meta VALUES ('moved_from', $1)", [sourceId]);
    const { command } = await this.#client.query("COMMIT");
    if (command !== "COMMIT") throw new Error("the transaction was rolled back");
  }

  /** PostgreSQL chooses its plans by what it knows of the tables. It would find out by itself some minutes later. */
  async analyze(): Promise<void> {
    await this.#client.query(`${BEGIN}; ANALYZE ${(await this.tables()).join(", ")}; COMMIT`);
  }

  /** Undoes everything that was not committed. */
  async close(): Promise<void> {
    await this.#client.end();
  }
}

/** Rows by columns, as `unnest` takes them. */
export class Batch {
  readonly arrays: readonly SqlValue[][];
  #rows = 0;
  #bytes = 0;

  constructor(columns: readonly Column[]) {
    this.arrays = columns.map(() => []);
  }

  get isEmpty(): boolean {
    return this.#rows === 0;
  }

  get isFull(): boolean {
    return this.#rows >= MOVE_BATCH_ROWS_MAX || this.#bytes >= MOVE_BATCH_BYTES_MAX;
  }

  add(values: readonly SqlValue[]): void {
    this.#rows += 1;
    for (const [index, value] of values.entries()) {
      this.arrays[index]?.push(value);
      if (typeof value === "string" || value instanceof Uint8Array) this.#bytes += value.length;
    }
  }
}

/** @throws StartupError when the database cannot be used */
export async function openTarget(address: DatabaseAddress, place: string): Promise<Target> {
  const client = await connect(connectionOptions(address));
  try {
    await migrate(client);
    return new Target(client, place);
  } catch (error) {
    await client.end();
    throw error;
  }
}

/** What went wrong with the database, for the operator, who named it in `--to`. */
export function targetFault(error: unknown, address: DatabaseAddress): StartupError {
  const { message, kind } = startupFault(error, connectionOptions(address));
  return new StartupError(message.replaceAll("DATABASE_URL", "--to"), kind);
}

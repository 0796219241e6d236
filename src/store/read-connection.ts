/**
 * What every reading verb works with: a connection, and the vault that decrypts secrets.
 *
 * The thread runs each verb in one read transaction. Without it, both of two statements could miss a delivery that
 * changes its state between them.
 */
import type { Seq } from "../domain/ids.ts";
import { LIST_PAGE_BYTES_MAX } from "../domain/limits.ts";
import type { Connection, SqlValue } from "./connection.ts";
import type { Vault } from "./vault.ts";

export interface ReadConnection extends Connection {
  readonly vault: Vault;
}

export function createReadConnection<C extends Connection>(connection: C, vault: Vault): C & ReadConnection {
  return { ...connection, vault };
}

/** The first row of a statement. `Row` must match its SELECT list. */
export function one<Row>(connection: Connection, sql: string, ...values: readonly SqlValue[]): Row | undefined {
  return connection.prepare(sql).get(...values) as Row | undefined;
}

/** Run an INSERT that ends in `RETURNING seq`, and return the sequence of the new row. */
export function insert(connection: Connection, sql: string, ...values: readonly SqlValue[]): Seq {
  return connection.prepare(sql).get(...values)?.seq as Seq;
}

/** Every row of a statement that limits itself. `Row` must match its SELECT list. */
export function all<Row>(connection: Connection, sql: string, ...values: readonly SqlValue[]): Row[] {
  return connection.prepare(sql).all(...values) as Row[];
}

export interface RowPage<Row> {
  readonly rows: readonly Row[];
  /** The row after which the next page begins. */
  readonly last: Row | undefined;
  /** Whether there are more rows after these. */
  readonly more: boolean;
}

/**
 * The first rows of a statement whose last parameter is its LIMIT: at most `limit` rows, and about `bytesMax` bytes.
 */
export function page<Row extends object>(
  connection: Connection,
  sql: string,
  values: readonly SqlValue[],
  limit: number,
  bytesMax = LIST_PAGE_BYTES_MAX,
): RowPage<Row> {
  return matchingPage(connection, sql, values, { limit, visitsMax: limit, matches: () => true, bytesMax });
}

export interface PageConditions<Row> {
  readonly limit: number;
  /** How many rows are looked at. */
  readonly visitsMax: number;
  readonly matches: (row: Row) => boolean;
  readonly bytesMax?: number;
}

/** Like `page`, with only the rows that match. It can be shorter than `limit`, even empty, although there are more. */
export function matchingPage<Row extends object>(
  connection: Connection,
  sql: string,
  values: readonly SqlValue[],
  { limit, visitsMax, matches, bytesMax = LIST_PAGE_BYTES_MAX }: PageConditions<Row>,
): RowPage<Row> {
  const rows: Row[] = [];
  let last: Row | undefined;
  let visits = 0;
  let bytes = 0;
  // If there is one row more than asked for, there is a next page.
  for (const found of connection.prepare(sql).iterate(...values, visitsMax + 1)) {
    const row = found as Row;
    if (rows.length === limit || visits === visitsMax) return { rows, last, more: true };
    visits += 1;
    if (matches(row)) {
      bytes += bytesOf(row);
      // The first row is always on the page. Otherwise the list could never get past it.
      if (bytes > bytesMax && rows.length > 0) return { rows, last, more: true };
      rows.push(row);
    }
    last = row;
  }
  return { rows, last, more: false };
}

/** Counts only what can be large: texts and blobs. */
function bytesOf(row: object): number {
  let bytes = 0;
  for (const value of Object.values(row)) {
    if (typeof value === "string") bytes += Buffer.byteLength(value);
    else if (value instanceof Uint8Array) bytes += value.length;
  }
  return bytes;
}

/**
 * What every reading verb works with: a connection, and the vault that opens what is sealed.
 *
 * Each verb runs in one read transaction that its thread begins and ends: otherwise a delivery that changes its state
 * between two statements could be missed by both.
 */
import type { SQLInputValue } from "node:sqlite";
import { LIST_PAGE_BYTES_MAX } from "../../domain/limits.ts";
import type { Vault } from "../vault.ts";
import type { Connection } from "./connection.ts";

export interface ReadConnection extends Connection {
  readonly vault: Vault;
}

export function createReadConnection(connection: Connection, vault: Vault): ReadConnection {
  return { ...connection, vault };
}

/** The first row of a statement, in the shape that its SELECT list has. */
export function one<Row>(connection: Connection, sql: string, ...values: readonly SQLInputValue[]): Row | undefined {
  return connection.prepare(sql).get(...values) as Row | undefined;
}

/** Every row of a statement that bounds itself, in the shape that its SELECT list has. */
export function all<Row>(connection: Connection, sql: string, ...values: readonly SQLInputValue[]): Row[] {
  return connection.prepare(sql).all(...values) as Row[];
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Whether there are others behind them. */
  readonly more: boolean;
}

/** The first rows of a statement whose last value is its LIMIT: no more than `limit`, nor than a page's bytes hold. */
export function page<Row extends object>(
  connection: Connection,
  sql: string,
  values: readonly SQLInputValue[],
  limit: number,
  bytesMax = LIST_PAGE_BYTES_MAX,
): Page<Row> {
  const rows: Row[] = [];
  let bytes = 0;
  // One more than asked for tells whether there is a next page.
  for (const found of connection.prepare(sql).iterate(...values, limit + 1)) {
    const row = found as Row;
    bytes += bytesOf(row);
    // The first row is always on the page, or a list would never get past it.
    if (rows.length === limit || (bytes > bytesMax && rows.length > 0)) return { rows, more: true };
    rows.push(row);
  }
  return { rows, more: false };
}

/** Of what can be large: texts and blobs. */
function bytesOf(row: object): number {
  let bytes = 0;
  for (const value of Object.values(row)) {
    if (typeof value === "string") bytes += Buffer.byteLength(value);
    else if (value instanceof Uint8Array) bytes += value.length;
  }
  return bytes;
}

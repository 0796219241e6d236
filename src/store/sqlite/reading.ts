/**
 * What every reading verb works with: a connection, and the vault that opens what is sealed.
 *
 * Each verb runs in one read transaction that its thread begins and ends: otherwise a delivery that changes its state
 * between two statements could be missed by both.
 */
import type { SQLInputValue } from "node:sqlite";
import type { Vault } from "../vault.ts";
import type { Connection } from "./connection.ts";

export interface Reading extends Connection {
  readonly vault: Vault;
}

export function createReading(connection: Connection, vault: Vault): Reading {
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

/**
 * Turns a statement that changes one row into one that does the same for many: its parameters become columns of arrays.
 * Only two forms are understood: an insert of values, and an update whose first condition is the row's key.
 */
import type { Row } from "../connection.ts";
import type { ElementType } from "./arrays.ts";

/** The type of each column of a table. */
export type ColumnTypes = ReadonlyMap<string, ElementType>;

/** The columns of one table, whose name is the parameter. */
export const COLUMNS = `
  SELECT attname AS name, format_type(atttypid, NULL) AS type
  FROM pg_catalog.pg_attribute
  WHERE attrelid = ?::text::regclass AND attnum > 0 AND NOT attisdropped`;
const ELEMENT_TYPES: Readonly<Record<string, ElementType>> = {
  bigint: "int8",
  bytea: "bytea",
  "double precision": "float8",
  integer: "int8",
  smallint: "int8",
  text: "text",
};

/** @param rows of the query above */
export function columnTypes(rows: readonly Row[]): ColumnTypes {
  return new Map(rows.map(({ name, type }) => [String(name), ELEMENT_TYPES[String(type)] ?? "text"]));
}

export interface RowsAtOnce {
  /** Has one array parameter for each parameter of the statement. */
  readonly text: string;
  readonly types: readonly ElementType[];
}

const INSERT = /^\s*INSERT INTO (\w+)\s*\(([^)]*)\)\s*VALUES\s*\(([^()]*)\)\s*(ON CONFLICT[^?]* DO UPDATE[^?]*)?$/;
const UPDATE = /^\s*UPDATE (\w+)\s+SET\s+([^?]*(?:\w+ [=+] \?[^?]*)+)$/;
const PARAMETER = /(\w+) ([=+]) \?/g;
const KEY_AND_REST = /^(.*)\bWHERE (\w+ = u\.p\d+)(?:\s+AND (.*))?$/s;

/** The table that the statement changes; null when it is not one of the forms. */
export function changedTable(sql: string): string | null {
  return (INSERT.exec(sql) ?? UPDATE.exec(sql))?.[1] ?? null;
}

/** @param columns of the table that the statement changes */
export function rowsAtOnce(sql: string, columns: ColumnTypes): RowsAtOnce | null {
  return insertAtOnce(sql, columns) ?? updateAtOnce(sql, columns);
}

function insertAtOnce(sql: string, columns: ColumnTypes): RowsAtOnce | null {
  const [, table = "", names = "", values = "", conflict = ""] = INSERT.exec(sql) ?? [];
  if (table === "") return null;
  const into = split(names);
  const types: ElementType[] = [];
  const selected = split(values).map((value, index) => {
    if (value !== "?") return value;
    types.push(typeOf(columns, into[index] ?? ""));
    return `u.p${types.length}`;
  });
  return {
    text: `INSERT INTO ${table} (${into.join(", ")}) SELECT ${selected.join(", ")} FROM ${source(types)} ${conflict}`.trim(),
    types,
  };
}

/** Each row of the arrays changes at most one row of the table, and is returned by its position if it did. */
function updateAtOnce(sql: string, columns: ColumnTypes): RowsAtOnce | null {
  const [, table = "", changes = ""] = UPDATE.exec(sql) ?? [];
  if (table === "") return null;
  const types: ElementType[] = [];
  const replaced = changes.replace(PARAMETER, (_, column: string, operator: string) => {
    types.push(typeOf(columns, column));
    return `${column} ${operator} u.p${types.length}`;
  });
  const [, set = "", key = "", rest = ""] = KEY_AND_REST.exec(replaced) ?? [];
  if (key === "") throw new Error(`the first condition is not a key: ${sql}`);
  // IS TRUE hides the other conditions from the planner. It would prefer an index that they name while the table is
  // empty, and then read that whole index for each statement for as long as the plan is kept.
  const others = rest === "" ? "" : ` AND (${rest}) IS TRUE`;
  return { text: `UPDATE ${table} SET ${set} FROM ${source(types)} WHERE ${key}${others} RETURNING u.place`, types };
}

function source(types: readonly ElementType[]): string {
  const arrays = types.map((type, index) => `$${index + 1}::${type}[]`);
  const names = types.map((_, index) => `p${index + 1}`);
  return `unnest(${arrays.join(", ")}) WITH ORDINALITY AS u (${names.join(", ")}, place)`;
}

function typeOf(columns: ColumnTypes, column: string): ElementType {
  const type = columns.get(column);
  if (type === undefined) throw new Error(`no column ${column}`);
  return type;
}

function split(list: string): string[] {
  return list.split(",").map((part) => part.trim());
}

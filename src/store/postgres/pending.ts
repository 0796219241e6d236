/** Statements that wait to be sent, and how those that append rows to one table are sent as one. */
import type { SqlValue } from "../connection.ts";
import { type ElementType, encodeArray } from "./arrays.ts";
import type { SentStatement, StatementResult } from "./link.ts";
import type { RowsAtOnce } from "./rows-at-once.ts";

export interface Pending {
  statement(): SentStatement;
  /** Set for a new row of a table to which rows are only appended: it can be sent together with others. */
  readonly appended?: Appended;
  result: StatementResult | null;
}

export interface Appended {
  readonly statement: AtOnce;
  readonly values: readonly SqlValue[];
}

/** A statement that does for many rows what the verb's statement does for one. */
export interface AtOnce extends RowsAtOnce {
  readonly name: string;
}

export const ONE_ROW: StatementResult = { rows: [], count: 1, command: "INSERT" };

/** The statements in the order in which they are sent, with those that append to one table next to the first of them. */
export function together(unsent: readonly Pending[]): readonly (readonly Pending[])[] {
  const groups: Pending[][] = [];
  const appending = new Map<AtOnce, Pending[]>();
  for (const pending of unsent) {
    const statement = pending.appended?.statement;
    const group = statement === undefined ? undefined : appending.get(statement);
    if (group !== undefined) {
      group.push(pending);
      continue;
    }
    const started = [pending];
    groups.push(started);
    if (statement !== undefined) appending.set(statement, started);
  }
  return groups;
}

export function statementOf([first, ...others]: readonly Pending[]): SentStatement {
  if (first === undefined) throw new Error("a group without a statement");
  const { appended } = first;
  if (others.length === 0 || appended === undefined) return first.statement();
  return toStatement(
    appended.statement,
    [first, ...others].flatMap((pending) => (pending.appended === undefined ? [] : [pending.appended.values])),
  );
}

export function toStatement({ name, text, types }: AtOnce, rows: readonly (readonly SqlValue[])[]): SentStatement {
  const column = (type: ElementType, at: number) =>
    encodeArray(
      type,
      rows.map((values) => values[at] ?? null),
    );
  return { name, text, values: types.map(column) };
}

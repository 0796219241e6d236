/**
 * Reads that take turns. PostgreSQL is behind a network: what reads need next travels there together, in one message for
 * all of them. In SQLite a statement runs as soon as a reader asks for it.
 */
import type { Connection, Row, SqlValue } from "./connection.ts";

/** Yields a statement that was prepared to be read later, and gets its rows. */
export type Reader<T> = Generator<() => Row[], T, Row[]>;

/** Every row of a statement that limits itself. `Columns` must match its SELECT list. */
export function* read<Columns>(connection: Connection, sql: string, ...values: readonly SqlValue[]): Reader<Columns[]> {
  return (yield connection.prepare(sql).allLater(...values)) as Columns[];
}

/** The first row of a statement. */
export function* readOne<Columns>(
  connection: Connection,
  sql: string,
  ...values: readonly SqlValue[]
): Reader<Columns | undefined> {
  return (yield* read<Columns>(connection, sql, ...values))[0];
}

export function readNow<T>(reader: Reader<T>): T {
  let step = reader.next();
  while (!step.done) step = reader.next(step.value());
  return step.value;
}

/** What each of them returns, in their order. */
export function readTogether<T>(readers: readonly Reader<T>[]): T[] {
  const steps = readers.map((reader) => reader.next());
  // The first of a round to be read sends the statements of all.
  while (steps.some(({ done }) => !done)) {
    for (const [index, step] of steps.entries()) {
      const reader = readers[index];
      if (!step.done && reader !== undefined) steps[index] = reader.next(step.value());
    }
  }
  return steps.map(({ value }) => value as T);
}

/**
 * The statements of a batch as one query of the `pg` package: they travel in one packet, and PostgreSQL answers all of
 * them at once. Each query of `pg` would end with a Sync, for which PostgreSQL sends a packet and this process wakes up.
 */
import pg from "pg";
import { POSTGRES_LOCK_MS_MAX } from "../../domain/limits.ts";
import type { Row, SqlValue } from "../connection.ts";
import { isTimeout } from "./connect.ts";
import type { Reply, SentStatement, StatementFault } from "./link.ts";

export const LOCK_NOT_AVAILABLE = "55P03";
const LOCKED =
  `another node's transaction does not end (waited ${POSTGRES_LOCK_MS_MAX / 1000} s): if PostgreSQL has ` +
  "synchronous_standby_names, check that a standby is connected, because each COMMIT waits for one";

/** Values as SQLite returns them. */
const PARSERS: Readonly<Record<number, (text: string) => SqlValue>> = {
  16: (text) => (text === "t" ? 1 : 0),
  17: (text) => Buffer.from(text.slice(2), "hex"),
  20: Number,
  21: Number,
  23: Number,
  701: Number,
  1700: Number,
};
const asText = (text: string): SqlValue => text;

interface Column {
  readonly name: string;
  readonly parse: (text: string) => SqlValue;
}

/** The statements that a connection has prepared, with the columns of their rows, which are not described again. */
export type Prepared = Map<string, readonly Column[]>;

/** `pg` calls the methods with the messages of the response. */
export class BatchQuery implements pg.Submittable {
  /** One reply for each statement. After a failure, PostgreSQL skips the rest of the batch. */
  readonly replies: Promise<readonly Reply[]>;
  /** `pg` replaces it, to end the time limit of the query. */
  callback: () => void = () => undefined;
  readonly #statements: readonly SentStatement[];
  readonly #prepared: Prepared;
  readonly #replies: Reply[] = [];
  readonly #resolve: (replies: readonly Reply[]) => void;
  #columns: readonly Column[];
  #rows: Row[] = [];

  constructor(statements: readonly SentStatement[], prepared: Prepared) {
    const { promise, resolve } = Promise.withResolvers<readonly Reply[]>();
    this.replies = promise;
    this.#resolve = resolve;
    this.#statements = statements;
    this.#prepared = prepared;
    this.#columns = this.#columnsOfNext();
  }

  submit(connection: pg.Connection): void {
    connection.stream.cork();
    for (const statement of this.#statements) send(connection, statement, this.#prepared.has(statement.name));
    connection.sync();
    connection.stream.uncork();
  }

  handleRowDescription({ fields }: { readonly fields: readonly pg.FieldDef[] }): void {
    this.#columns = fields.map(({ name, dataTypeID }) => ({ name, parse: PARSERS[dataTypeID] ?? asText }));
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    const row: Row = {};
    for (const [index, { name, parse }] of this.#columns.entries()) {
      const text = fields[index] ?? null;
      row[name] = text === null ? null : parse(text);
    }
    this.#rows.push(row);
  }

  /** @param text the command's tag, such as `INSERT 0 5` */
  handleCommandComplete({ text }: { readonly text: string }): void {
    const [command = "", ...numbers] = text.split(" ");
    this.#replies.push({ kind: "ok", result: { rows: this.#rows, count: Number(numbers.at(-1) ?? 0), command } });
    const name = this.#statements[this.#replies.length - 1]?.name ?? "";
    if (name !== "") this.#prepared.set(name, this.#columns);
    this.#columns = this.#columnsOfNext();
    this.#rows = [];
  }

  handleReadyForQuery(): void {
    this.#end();
  }

  handleError(error: unknown): void {
    const fault = faultOf(error);
    while (this.#replies.length < this.#statements.length) this.#replies.push({ kind: "failed", fault });
    this.#end();
  }

  #end(): void {
    this.callback();
    this.#resolve(this.#replies);
  }

  #columnsOfNext(): readonly Column[] {
    return this.#prepared.get(this.#statements[this.#replies.length]?.name ?? "") ?? [];
  }
}

function send(connection: pg.Connection, { name, text, values }: SentStatement, isPrepared: boolean): void {
  if (!isPrepared) {
    // An earlier statement of its batch may have failed, or it may have failed itself after it was prepared.
    if (name !== "") connection.close({ type: "S", name }, true);
    connection.parse({ name, text, types: [] }, true);
  }
  connection.bind({ statement: name, values: values.map(parameterOf) }, true);
  if (!isPrepared) connection.describe({ type: "P" }, true);
  connection.execute(null, true);
}

function parameterOf(value: SqlValue): string | Buffer | null {
  if (value === null) return null;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return storable(String(value));
}

/** PostgreSQL takes no NUL in a text. No stored text has one, so a filter that has one finds nothing, as in SQLite. */
function storable(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", "\ufffd") : text;
}

export function faultOf(error: unknown): StatementFault {
  const code = error instanceof pg.DatabaseError ? (error.code ?? null) : null;
  const message = error instanceof Error ? error.message : String(error);
  return { code, message: code === LOCK_NOT_AVAILABLE ? LOCKED : message, hasWaited: isTimeout(error) };
}

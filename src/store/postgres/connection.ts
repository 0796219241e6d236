/** A connection to PostgreSQL, as the verbs use it: with the same interface as SQLite's. */
import { POSTGRES_VERDICT_MS_MAX, POSTGRES_VERDICT_STEP_MS } from "../../domain/limits.ts";
import type { Connection, Fault, NamedValues, Row, SqlValue, Statement } from "../connection.ts";
import { toPostgres } from "./dialect.ts";
import type { Link, Reply, SentStatement, StatementFault, StatementResult } from "./link.ts";

/** An error that PostgreSQL reported, or the end of the connection. */
class PostgresError extends Error {
  readonly code: string | null;

  constructor({ code, message }: StatementFault) {
    super(message);
    this.code = code;
  }
}

/** It is unknown whether a transaction has committed: only a new start, which reads what is stored, is certain. */
class UnknownOutcome extends Error {}

/** Whether PostgreSQL did not answer. */
function isLost(error: unknown): boolean {
  return error instanceof PostgresError && (error.code === null || /^(08|57P)/.test(error.code));
}

const TABLES = `
  SELECT tablename AS name
  FROM pg_catalog.pg_tables
  WHERE schemaname = 'signalbox' AND left(tablename, length(?)) = ?`;

/**
 * One node writes at a time: each writing transaction begins with an update of this one row. So the verbs read what
 * decides and write what was decided as they do on one file, sequences are in the order of the commits, and no two
 * transactions can wait for each other.
 */
const BEGIN_WRITE = `
  BEGIN;
  UPDATE turn
  SET number = number + 1
  RETURNING number, pg_current_xact_id() AS transaction, (extract(epoch FROM clock_timestamp()) * 1000)::int8 AS clock`;
/** All statements of a verb see one state of the store. */
const BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

export function openPostgresConnection(link: Link): Connection {
  const session = new Session(link);
  return {
    isShared: true,
    prepare: (sql) => session.prepare(sql),
    exec: (sql) => session.exec(sql),
    tables: (prefix) =>
      session
        .prepare(TABLES)
        .all(prefix, prefix)
        .map(({ name }) => String(name)),
    begin: (mode) => session.begin(mode),
    isOvertaken: () => session.isOvertaken(),
    clockMs: () => session.clockMs(),
    outsideVersion: () => session.outsideVersion(),
    commit: () => session.commit(),
    rollback: () => session.rollback(),
    isTransaction: () => session.isTransaction(),
    savepoint: (step) => session.savepoint(step),
    faultOf,
    close: () => link.close(),
  };
}

function faultOf(error: unknown): Fault | null {
  if (error instanceof UnknownOutcome) return { kind: "fatal" };
  if (!(error instanceof PostgresError)) return null;
  const { code, message } = error;
  // 22: a value that the type does not take. 23: a violated constraint. 42: a mistake in the statement.
  if (code !== null && /^(22|23|42)/.test(code)) return { kind: "verb" };
  return { kind: "passing", message, full: code?.startsWith("53") ?? false };
}

/** Statements without a waiting caller are sent at the latest when this many have gathered. */
const UNSENT_MAX = 500;

interface Pending {
  readonly statement: SentStatement;
  result: StatementResult | null;
}

class Session {
  readonly #link: Link;
  readonly #statements = new Map<string, Statement>();
  #prepared = 0;
  #unsent: Pending[] = [];
  #begins = false;
  #transaction = false;
  /** The number of this connection's last turn that was committed, and of the one that it has now. */
  #turn = 0;
  #nextTurn = 0;
  #turnsOfOwn = 0;
  /** PostgreSQL's number of the writing transaction. */
  #transactionId = "";
  #overtaken = false;
  #clockMs = 0;
  /** Within a savepoint each statement is answered at once, so that an error is that of the verb that caused it. */
  #eager = false;

  constructor(link: Link) {
    this.#link = link;
  }

  isTransaction(): boolean {
    return this.#transaction;
  }

  prepare(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#translate(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  begin(mode: "write" | "read"): void {
    this.#transaction = true;
    this.#eager = false;
    this.#begins = true;
    this.#unsent = [];
    const begun = this.#add(plain(mode === "write" ? BEGIN_WRITE : BEGIN_READ));
    if (mode === "read") return;
    const [row] = this.#complete(begun).rows; // waits until no other node writes
    const number = Number(row?.number);
    this.#overtaken = number !== this.#turn + 1;
    this.#nextTurn = number;
    this.#transactionId = String(row?.transaction);
    this.#clockMs = Number(row?.clock);
  }

  isOvertaken(): boolean {
    return this.#overtaken;
  }

  clockMs(): number {
    return this.#clockMs;
  }

  /** How many turns others have had. */
  outsideVersion(): number {
    return this.#nextTurn - this.#turnsOfOwn;
  }

  commit(): void {
    const isWriting = this.#nextTurn > this.#turn;
    try {
      const { command } = this.#complete(this.#add(plain("COMMIT")));
      // Every driver takes this for a success.
      if (command !== "COMMIT") throw new PostgresError({ code: "25P02", message: "the transaction was rolled back" });
    } catch (error) {
      if (!isWriting || !isLost(error) || !this.#hasCommitted()) throw error;
    }
    this.#transaction = false;
    if (!isWriting) return;
    this.#turn = this.#nextTurn;
    this.#turnsOfOwn += 1;
  }

  /**
   * Whether the last transaction has committed, after COMMIT got no answer. Asks on a new connection.
   *
   * @throws UnknownOutcome when PostgreSQL cannot be reached for too long
   */
  #hasCommitted(): boolean {
    const statement = plain(`SELECT pg_xact_status('${this.#transactionId}'::xid8) AS status`);
    for (let waitedMs = 0; waitedMs < POSTGRES_VERDICT_MS_MAX; waitedMs += POSTGRES_VERDICT_STEP_MS) {
      const [reply] = this.#link.exchange({ statements: [statement], begins: true });
      const status = reply?.kind === "ok" ? reply.result.rows[0]?.status : null;
      // Null: so long ago that PostgreSQL has forgotten it.
      if (status === "committed") return true;
      if (status === "aborted") return false;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POSTGRES_VERDICT_STEP_MS);
    }
    throw new UnknownOutcome("whether the last transaction was committed is unknown");
  }

  rollback(): void {
    this.#unsent = [];
    this.#transaction = false;
    this.#nextTurn = this.#turn;
    if (this.#begins) return; // nothing of it was sent
    try {
      this.#complete(this.#add(plain("ROLLBACK")));
    } catch (error) {
      if (!(error instanceof PostgresError)) throw error;
    }
  }

  exec(sql: string): void {
    this.#complete(this.#add(plain(toPostgres(sql).text([]))));
  }

  savepoint(step: "begin" | "release" | "undo"): void {
    this.#eager = step === "begin";
    const sql = { begin: "SAVEPOINT verb", release: "RELEASE verb", undo: "ROLLBACK TO verb; RELEASE verb" }[step];
    if (step === "undo") this.#unsent = [];
    this.#complete(this.#add(plain(sql)));
  }

  #translate(sql: string): Statement {
    const translated = toPostgres(sql);
    const { names } = translated;
    const texts = new Map<string, { readonly name: string; readonly text: string }>();
    const textFor = (values: readonly SqlValue[]) => {
      const casts = values.map(castOf);
      const key = casts.join();
      let named = texts.get(key);
      if (named === undefined) {
        this.#prepared += 1;
        named = { name: `s${this.#prepared}`, text: translated.text(casts) };
        texts.set(key, named);
      }
      return named;
    };
    const sent = (values: readonly unknown[]): Pending => {
      const given = names === null ? (values as readonly SqlValue[]) : inOrder(names, values[0] as NamedValues);
      return this.#add({ ...textFor(given), values: given });
    };
    const rows = (values: readonly unknown[]) => this.#complete(sent(values)).rows as Row[];
    return {
      get: (...values) => rows(values)[0],
      all: (...values) => rows(values),
      iterate: (...values) => rows(values)[Symbol.iterator](),
      run: (...values) => {
        const pending = sent(values);
        if (this.#eager) this.#complete(pending);
        const complete = () => this.#complete(pending);
        return {
          get changes() {
            return complete().count;
          },
        };
      },
    };
  }

  #add(statement: SentStatement): Pending {
    const pending: Pending = { statement, result: null };
    this.#unsent.push(pending);
    if (this.#unsent.length > UNSENT_MAX) this.#send();
    return pending;
  }

  #complete(pending: Pending): StatementResult {
    if (pending.result === null) this.#send();
    if (pending.result === null) throw new Error("a statement of an earlier transaction");
    return pending.result;
  }

  /** @throws PostgresError of the first statement that failed */
  #send(): void {
    const sent = this.#unsent;
    this.#unsent = [];
    const begins = this.#begins;
    this.#begins = false;
    const replies = this.#link.exchange({ statements: sent.map(({ statement }) => statement), begins });
    for (const [index, pending] of sent.entries()) {
      pending.result = resultOf(replies[index]);
    }
  }
}

function resultOf(reply: Reply | undefined): StatementResult {
  if (reply?.kind === "ok") return reply.result;
  throw new PostgresError(reply?.fault ?? { code: null, message: "no reply" });
}

function plain(text: string): SentStatement {
  return { name: "", text, values: [] };
}

function inOrder(names: readonly string[], values: NamedValues): readonly SqlValue[] {
  return names.map((name) => values[name] ?? null);
}

/** A number has its type, so that arithmetic between parameters has one. */
function castOf(value: SqlValue): string {
  if (typeof value === "number") return Number.isInteger(value) ? "::int8" : "::float8";
  if (typeof value === "bigint") return "::int8";
  return value instanceof Uint8Array ? "::bytea" : "";
}

/** A connection to PostgreSQL, as the verbs use it: with the same interface as SQLite's. */
import { POSTGRES_VERDICT_MS_MAX, POSTGRES_VERDICT_STEP_MS } from "../../domain/limits.ts";
import type { Connection, NamedValues, Row, SqlValue, Statement } from "../connection.ts";
import { toPostgres } from "./dialect.ts";
import { faultOf, isLost, NewerSchema, PostgresError, UnknownOutcome, WentBack } from "./errors.ts";
import type { Link, Reply, SentStatement, StatementResult } from "./link.ts";
import { type Appended, type AtOnce, ONE_ROW, type Pending, statementOf, together, toStatement } from "./pending.ts";
import { COLUMNS, type ColumnTypes, changedTable, columnTypes, rowsAtOnce } from "./rows-at-once.ts";
import { SCHEMA } from "./schema.ts";

/**
 * One node writes at a time: each writing transaction begins with an update of this one row. So the verbs read what
 * decides and write what was decided as they do on one file, sequences are in the order of the commits, and no two
 * transactions can wait for each other.
 */
const TAKE_TURN = `
  UPDATE turn
  SET number = number + 1
  WHERE number >= ?
  RETURNING number, since, timeline, oldest, extract(epoch FROM pg_postmaster_start_time())::text AS server,
    pg_current_xact_id() AS transaction,
    (extract(epoch FROM clock_timestamp()) * 1000)::int8 AS clock`;
/** Some hosted services do not offer these functions. They do not lose transactions in a failover either. */
const TIMELINE = "SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8) AS timeline";
const LATEST_EVENT = "SELECT coalesce((SELECT accepted_at FROM events ORDER BY seq DESC LIMIT 1), 0)";
/** All statements of a verb see one state of the store. */
const BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

export function openPostgresConnection(link: Link): Connection {
  const session = new Session(link);
  return {
    isShared: true,
    prepare: (sql) => session.prepare(sql),
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

const SAVEPOINT_STEPS = {
  begin: ["SAVEPOINT verb"],
  release: ["RELEASE verb"],
  undo: ["ROLLBACK TO verb", "RELEASE verb"],
};

/** Statements without a waiting caller are sent at the latest when this many have gathered. */
const UNSENT_MAX = 500;

/** Their rows have new sequences, and other statements find a row only after it was inserted. */
const APPENDED_TABLES = new Set(["events", "deliveries", "attempts"]);

class Session {
  readonly #link: Link;
  readonly #statements = new Map<string, Statement>();
  readonly #columns = new Map<string, ColumnTypes>();
  #prepared = 0;
  #unsent: Pending[] = [];
  #begins = false;
  /** The begin of a writing transaction whose turn was not read yet. */
  #begun: (() => Row[]) | null = null;
  #transaction = false;
  /** The number of this connection's last turn that was committed, and of the one that it has now. */
  #turn = 0;
  #nextTurn = 0;
  #turnsOfOwn = 0;
  /** The latest turn of any node that this connection knows of, and the turn with which the timeline began. */
  #known = 0;
  #since: number | null = null;
  /** When the server was started that the last transaction was committed on. */
  #server = "";
  #next = { since: 0, server: "" };
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
    this.#add(control(mode === "write" ? "BEGIN" : BEGIN_READ));
    this.#begun = mode === "write" ? this.prepare(TAKE_TURN).allLater(this.#known) : null;
  }

  /** Waits until no other node writes. */
  #takeTurn(): void {
    if (this.#begun === null) return;
    const begun = this.#begun;
    this.#begun = null;
    // No turn comes after the last one if the server has gone back.
    const [row] = begun().length > 0 ? begun() : this.prepare(TAKE_TURN).all(0);
    if (Number(row?.oldest) > SCHEMA) throw new NewerSchema(Number(row?.oldest));
    const number = Number(row?.number);
    const server = String(row?.server);
    const since = server === this.#server ? Number(row?.since) : this.#beginTimeline(row, number);
    const isNew = this.#since !== null && since !== this.#since;
    if (number <= this.#known || (isNew && since <= this.#known)) throw new WentBack(this.#latestEventMs(isNew));
    this.#next = { since, server };
    this.#known = number - 1;
    this.#overtaken = number !== this.#turn + 1;
    this.#nextTurn = number;
    this.#transactionId = String(row?.transaction);
    this.#clockMs = Number(row?.clock);
  }

  /** The server is not the one of the last transaction. The first turn on a server notes the timeline's beginning. */
  #beginTimeline(row: Row | undefined, number: number): number {
    this.savepoint("begin");
    let timeline = "";
    try {
      timeline = String(this.#complete(this.#add(plain(TIMELINE))).rows[0]?.timeline);
      this.savepoint("release");
    } catch (error) {
      if (isLost(error)) throw error;
      this.savepoint("undo");
    }
    if (timeline === row?.timeline || timeline === "") return Number(row?.since);
    // A new store has no timeline yet.
    const since = row?.timeline === "" ? Number(row.since) : number;
    const begun = `UPDATE turn SET timeline = '${timeline}', since = ${since}, intact_at = (${LATEST_EVENT})`;
    this.#complete(this.#add(plain(begun)));
    return since;
  }

  /** When the latest event was accepted that PostgreSQL had when it went back. Another node may have written since. */
  #latestEventMs(isTimelineNew: boolean): number {
    const sql = isTimelineNew ? "SELECT intact_at AS at FROM turn" : `SELECT (${LATEST_EVENT}) AS at`;
    return Number(this.#complete(this.#add(plain(sql))).rows[0]?.at);
  }

  isOvertaken(): boolean {
    this.#takeTurn();
    return this.#overtaken;
  }

  clockMs(): number {
    this.#takeTurn();
    return this.#clockMs;
  }

  /** How many turns others have had. */
  outsideVersion(): number {
    this.#takeTurn();
    return this.#nextTurn - this.#turnsOfOwn;
  }

  commit(): void {
    this.#takeTurn();
    const isWriting = this.#nextTurn > this.#turn;
    try {
      const { command } = this.#complete(this.#add(control("COMMIT")));
      // Every driver takes this for a success.
      if (command !== "COMMIT") throw new PostgresError({ code: "25P02", message: "the transaction was rolled back" });
    } catch (error) {
      if (!isWriting || !isLost(error) || !this.#hasCommitted()) throw error;
    }
    this.#transaction = false;
    if (!isWriting) return;
    this.#turn = this.#nextTurn;
    this.#known = this.#nextTurn;
    this.#since = this.#next.since;
    this.#server = this.#next.server;
    this.#turnsOfOwn += 1;
  }

  /**
   * Whether the last transaction has committed, after COMMIT got no answer. Asks on a new connection.
   *
   * @throws UnknownOutcome when PostgreSQL cannot be reached for too long
   */
  #hasCommitted(): boolean {
    const statement = plain(
      `SELECT pg_xact_status('${this.#transactionId}'::xid8) AS status, number, since FROM signalbox.turn`,
    )();
    for (let waitedMs = 0; waitedMs < POSTGRES_VERDICT_MS_MAX; waitedMs += POSTGRES_VERDICT_STEP_MS) {
      const [reply] = this.#link.exchange({ statements: [statement], begins: true });
      const row = reply?.kind === "ok" ? reply.result.rows[0] : undefined;
      // A replica that lacks the transaction may have used its number again, or not have reached it.
      if (row?.status === "committed") return this.#hasTurn(row);
      if (row?.status === "aborted" || isFuture(reply)) return false;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POSTGRES_VERDICT_STEP_MS);
    }
    throw new UnknownOutcome();
  }

  #hasTurn({ number, since }: Row): boolean {
    const isSameTimeline = Number(since) === this.#next.since || Number(since) > this.#nextTurn;
    return isSameTimeline && Number(number) >= this.#nextTurn;
  }

  rollback(): void {
    this.#unsent = [];
    this.#begun = null;
    this.#transaction = false;
    this.#nextTurn = this.#turn;
    if (this.#begins) return; // nothing of it was sent
    try {
      this.#complete(this.#add(control("ROLLBACK")));
    } catch (error) {
      if (!(error instanceof PostgresError)) throw error;
    }
  }

  savepoint(step: "begin" | "release" | "undo"): void {
    this.#eager = step === "begin";
    if (step === "undo") this.#unsent = [];
    for (const sql of SAVEPOINT_STEPS[step]) this.#complete(this.#add(control(sql)));
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
    let many: AtOnce | null | undefined;
    const atOnce = () => {
      many ??= this.#atOnce(sql);
      return many;
    };
    const appends = /^\s*INSERT/.test(sql) && APPENDED_TABLES.has(changedTable(sql) ?? "");
    const sent = (values: readonly unknown[]): Pending => {
      const given = names === null ? (values as readonly SqlValue[]) : inOrder(names, values[0] as NamedValues);
      const statement = appends ? atOnce() : null;
      const alone = () => ({ ...textFor(given), values: given });
      return this.#add(alone, statement === null ? undefined : { statement, values: given });
    };
    const rows = (values: readonly unknown[]) => this.#complete(sent(values)).rows as Row[];
    return {
      get: (...values) => rows(values)[0],
      all: (...values) => rows(values),
      allLater: (...values) => {
        const pending = sent(values);
        return () => this.#complete(pending).rows as Row[];
      },
      iterate: (...values) => rows(values)[Symbol.iterator](),
      runEach: (given) => {
        const statement = given.length > 1 && !this.#eager ? atOnce() : null;
        const pendings = statement === null ? given.map(sent) : [this.#add(() => toStatement(statement, given))];
        const results = () => pendings.map((pending) => this.#complete(pending));
        if (this.#eager) results();
        return {
          get changed() {
            return statement === null ? results().map(({ count }) => count === 1) : changedOf(results(), given.length);
          },
        };
      },
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

  #atOnce(sql: string): AtOnce | null {
    const table = changedTable(sql);
    if (table === null) return null;
    const found = rowsAtOnce(sql, this.#columnsOf(table));
    if (found === null) return null;
    this.#prepared += 1;
    return { ...found, name: `s${this.#prepared}` };
  }

  #columnsOf(table: string): ColumnTypes {
    let columns = this.#columns.get(table);
    if (columns === undefined) {
      columns = columnTypes(this.prepare(COLUMNS).all(table));
      this.#columns.set(table, columns);
    }
    return columns;
  }

  #add(statement: () => SentStatement, appended?: Appended): Pending {
    const pending: Pending = { statement, result: null, ...(appended && { appended }) };
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
    const sent = together(this.#unsent);
    this.#unsent = [];
    const begins = this.#begins;
    this.#begins = false;
    const replies = this.#link.exchange({ statements: sent.map(statementOf), begins });
    for (const [index, pendings] of sent.entries()) {
      const result = resultOf(replies[index]);
      for (const pending of pendings) pending.result = pendings.length > 1 ? ONE_ROW : result;
    }
  }
}

/** For each row of arrays, whether it changed a row of the table. */
function changedOf([result]: readonly StatementResult[], length: number): readonly boolean[] {
  const { rows = [], count = 0 } = result ?? {};
  const places = count === length ? null : new Set(rows.map(({ place }) => Number(place)));
  return Array.from({ length }, (_, index) => places === null || places.has(index + 1));
}

function resultOf(reply: Reply | undefined): StatementResult {
  if (reply?.kind === "ok") return reply.result;
  throw new PostgresError(reply?.fault ?? { code: null, message: "no reply" });
}

/** PostgreSQL has not had a transaction of this number yet. */
function isFuture(reply: Reply | undefined): boolean {
  return reply?.kind === "failed" && reply.fault.code === "22023";
}

/** A statement of each transaction, so it is prepared, under its own text. */
function control(text: string): () => SentStatement {
  return () => ({ name: text, text, values: [] });
}

/** A statement that runs once. */
function plain(text: string): () => SentStatement {
  return () => ({ name: "", text, values: [] });
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

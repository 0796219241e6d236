/** One connection to PostgreSQL, which connects when it is first used, and again after it was lost. */
import type pg from "pg";
import {
  POSTGRES_ANSWER_MS_MAX,
  POSTGRES_IDLE_MS_MAX,
  POSTGRES_LOCK_MS_MAX,
  POSTGRES_STATEMENT_MS_MAX,
} from "../../domain/limits.ts";
import { BatchQuery, faultOf, type Prepared } from "./batch-query.ts";
import { type ConnectionOptions, connect } from "./connect.ts";
import { LACKS_RIGHT } from "./errors.ts";
import type { Batch, Reply, SentStatement } from "./link.ts";
import { type Session, sessionOf } from "./pooler.ts";
import { lackedRight } from "./startup/rights.ts";
import { startupFault } from "./startup/startup-fault.ts";

// A statement finds its rows by key, so a plan for any values is good for all, and to compile it or to start other
// processes for it would take longer. A plan that was made while a table was empty, and had no statistics, would otherwise
// read the whole table for as long as it is kept.
const SETTINGS = {
  search_path: "signalbox",
  statement_timeout: POSTGRES_STATEMENT_MS_MAX,
  lock_timeout: POSTGRES_LOCK_MS_MAX,
  idle_in_transaction_session_timeout: POSTGRES_IDLE_MS_MAX,
  plan_cache_mode: "force_generic_plan",
  enable_seqscan: "off",
  enable_bitmapscan: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
  max_parallel_workers_per_gather: 0,
  jit: "off",
};
const eachSetting = (sql: (name: string, value: string | number) => string, separator: string) =>
  Object.entries(SETTINGS)
    .map(([name, value]) => sql(name, value))
    .join(separator);
export const SESSION_SETTINGS = eachSetting((name, value) => `SET ${name} = ${value}`, "; ");
const SET_TRANSACTION: SentStatement = {
  name: "set",
  text: `SELECT ${eachSetting((name, value) => `set_config('${name}', '${value}', true)`, ", ")}`,
  values: [],
};

/** The session's prepared statements are not what this connection believes: a pooler, or a migration. */
const FOREIGN_SESSION = new Set(["26000", "42P05", "0A000"]);

/** A connection, and what it has prepared. */
interface Connected {
  readonly client: pg.Client;
  readonly session: Session;
  readonly prepared: Prepared;
}

export class Client {
  readonly #options: ConnectionOptions;
  #connected: Connected | null = null;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  async run({ statements, begins }: Batch): Promise<readonly Reply[]> {
    let connected: Connected;
    try {
      connected = await this.#connect(begins);
    } catch (error) {
      const { message } = startupFault(error, this.#options);
      return statements.map(() => ({ kind: "failed", fault: { ...faultOf(error), message, hasWaited: true } }));
    }
    const { client, session, prepared } = connected;
    const sent = session.isOwn ? statements : withoutSession(statements, begins, session);
    const query = new BatchQuery(sent, prepared);
    client.query(query);
    const replies = await query.replies;
    if (replies.some(isUnusable)) this.#abandon(client);
    const own = sent.length === statements.length ? replies : replies.toSpliced(1, 1);
    return own.some(lacksRight) ? this.#withLackedRight(own) : own;
  }

  /** PostgreSQL names only the table. The transaction has failed, so another connection asks for the owner. */
  async #withLackedRight(replies: readonly Reply[]): Promise<readonly Reply[]> {
    let message: string | null;
    try {
      const client = await connect(this.#options, { query_timeout: POSTGRES_ANSWER_MS_MAX });
      message = await lackedRight(client).finally(() => client.end());
    } catch {
      return replies;
    }
    if (message === null) return replies;
    return replies.map((reply) =>
      lacksRight(reply) ? { kind: "failed", fault: { code: LACKS_RIGHT, message } } : reply,
    );
  }

  async #connect(begins: boolean): Promise<Connected> {
    if (this.#connected !== null) return this.#connected;
    if (!begins) throw new Error("the connection was lost within a transaction");
    const client = await connect(this.#options, { query_timeout: POSTGRES_ANSWER_MS_MAX });
    const lost = () => this.#forget(client);
    client.on("error", lost);
    client.on("end", lost);
    try {
      const session = await sessionOf(client, this.#options);
      if (session.isOwn) await client.query(SESSION_SETTINGS);
      this.#connected = { client, session, prepared: new Map() };
      return this.#connected;
    } catch (error) {
      this.#abandon(client);
      throw error;
    }
  }

  #forget(client: pg.Client): void {
    if (this.#connected?.client === client) this.#connected = null;
  }

  /** End a connection that is not used any more. Its open transaction would keep the turn. */
  #abandon(client: pg.Client): void {
    this.#forget(client);
    client.end().catch(() => undefined); // it was lost
  }

  async close(): Promise<void> {
    await this.#connected?.client.end();
  }
}

/** A transaction sets itself what a session would keep, right after its first statement. */
function withoutSession(
  statements: readonly SentStatement[],
  begins: boolean,
  { keepsStatements }: Session,
): readonly SentStatement[] {
  const all = begins ? statements.toSpliced(1, 0, SET_TRANSACTION) : statements;
  return keepsStatements ? all : all.map((statement) => ({ ...statement, name: "" }));
}

function lacksRight(reply: Reply): boolean {
  return reply.kind === "failed" && reply.fault.code === LACKS_RIGHT;
}

/** Whether PostgreSQL did not answer in time, or the session is not what this connection believes. */
function isUnusable(reply: Reply): boolean {
  return reply.kind === "failed" && (reply.fault.code === null || FOREIGN_SESSION.has(reply.fault.code));
}

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
import type { Batch, Reply } from "./link.ts";

// A statement finds its rows by key, so a plan for any values is good for all, and compiling it would take longer. A plan
// that was made while a table was empty, and had no statistics, would otherwise read the whole table for as long as it is kept.
export const SESSION_SETTINGS = `
  SET search_path = signalbox;
  SET statement_timeout = ${POSTGRES_STATEMENT_MS_MAX};
  SET lock_timeout = ${POSTGRES_LOCK_MS_MAX};
  SET idle_in_transaction_session_timeout = ${POSTGRES_IDLE_MS_MAX};
  SET plan_cache_mode = force_generic_plan;
  SET enable_seqscan = off;
  SET enable_bitmapscan = off;
  SET enable_hashjoin = off;
  SET enable_mergejoin = off;
  SET jit = off`;

/** The session's prepared statements are not what this connection believes: a pooler, or a migration. */
const FOREIGN_SESSION = new Set(["26000", "42P05", "0A000"]);

/** A connection, and what it has prepared. */
interface Connected {
  readonly client: pg.Client;
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
      return statements.map(() => ({ kind: "failed", fault: faultOf(error) }));
    }
    const query = new BatchQuery(statements, connected.prepared);
    connected.client.query(query);
    const replies = await query.replies;
    if (replies.some(isUnusable)) this.#abandon(connected);
    return replies;
  }

  async #connect(begins: boolean): Promise<Connected> {
    if (this.#connected !== null) return this.#connected;
    if (!begins) throw new Error("the connection was lost within a transaction");
    const client = await connect(this.#options, { query_timeout: POSTGRES_ANSWER_MS_MAX });
    const connected: Connected = { client, prepared: new Map() };
    const lost = () => {
      if (this.#connected === connected) this.#connected = null;
    };
    client.on("error", lost);
    client.on("end", lost);
    try {
      await client.query(SESSION_SETTINGS);
    } catch (error) {
      this.#abandon(connected);
      throw error;
    }
    this.#connected = connected;
    return connected;
  }

  /** End a connection that is not used any more. Its open transaction would keep the turn. */
  #abandon(connected: Connected): void {
    if (this.#connected === connected) this.#connected = null;
    connected.client.end().catch(() => undefined); // it was lost
  }

  async close(): Promise<void> {
    await this.#connected?.client.end();
  }
}

/** Whether PostgreSQL did not answer in time, or the session is not what this connection believes. */
function isUnusable(reply: Reply): boolean {
  return reply.kind === "failed" && (reply.fault.code === null || FOREIGN_SESSION.has(reply.fault.code));
}

/** One connection to PostgreSQL, which connects when it is first used, and again after it was lost. */
import pg from "pg";
import {
  POSTGRES_ANSWER_MS_MAX,
  POSTGRES_IDLE_MS_MAX,
  POSTGRES_LOCK_MS_MAX,
  POSTGRES_STATEMENT_MS_MAX,
} from "../../domain/limits.ts";
import type { SqlValue } from "../connection.ts";
import { type ConnectionOptions, connect } from "./connect.ts";
import type { Batch, Reply, SentStatement, StatementFault, StatementResult } from "./link.ts";

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
const TYPES = { getTypeParser: (oid: number) => PARSERS[oid] ?? asText } as pg.CustomTypesConfig;

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

export class Client {
  readonly #options: ConnectionOptions;
  #client: pg.Client | null = null;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  async run({ statements, begins }: Batch): Promise<readonly Reply[]> {
    let client: pg.Client;
    try {
      client = await this.#connected(begins);
    } catch (error) {
      return statements.map(() => ({ kind: "failed", fault: faultOf(error) }));
    }
    const { stream } = client.connection;
    stream.cork(); // the statements travel together
    const replies = statements.map((statement) => this.#answer(client, statement));
    stream.uncork();
    return Promise.all(replies);
  }

  async #answer(client: pg.Client, { name, text, values }: SentStatement): Promise<Reply> {
    try {
      const config: pg.QueryConfig = name === "" ? { text } : { name, text, values: values.map(storable) };
      return { kind: "ok", result: resultOf(await client.query(config)) };
    } catch (error) {
      const fault = faultOf(error);
      if (fault.code !== null && FOREIGN_SESSION.has(fault.code)) this.#abandon(client);
      return { kind: "failed", fault };
    }
  }

  async #connected(begins: boolean): Promise<pg.Client> {
    if (this.#client !== null) return this.#client;
    if (!begins) throw new Error("the connection was lost within a transaction");
    const client = await connect(this.#options, {
      types: TYPES,
      pipeline: true,
      query_timeout: POSTGRES_ANSWER_MS_MAX,
    });
    const lost = () => {
      if (this.#client === client) this.#client = null;
    };
    client.on("error", lost);
    client.on("end", lost);
    try {
      await client.query(SESSION_SETTINGS);
    } catch (error) {
      this.#abandon(client);
      throw error;
    }
    this.#client = client;
    return client;
  }

  /** End a connection that is not used any more. Its open transaction would keep the turn. */
  #abandon(client: pg.Client): void {
    if (this.#client === client) this.#client = null;
    client.end().catch(() => undefined); // it was lost
  }

  async close(): Promise<void> {
    await this.#client?.end();
  }
}

/** PostgreSQL takes no NUL in a text. No stored text has one, so a filter that has one finds nothing, as in SQLite. */
function storable(value: SqlValue): SqlValue {
  return typeof value === "string" && value.includes("\0") ? value.replaceAll("\0", "\ufffd") : value;
}

function resultOf(result: pg.QueryResult | pg.QueryResult[]): StatementResult {
  const last = Array.isArray(result) ? result.at(-1) : result;
  return { rows: last?.rows ?? [], count: last?.rowCount ?? 0, command: last?.command ?? "" };
}

function faultOf(error: unknown): StatementFault {
  const code = error instanceof pg.DatabaseError ? (error.code ?? null) : null;
  return { code, message: error instanceof Error ? error.message : String(error) };
}

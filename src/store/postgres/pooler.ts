/**
 * What a connection keeps from one transaction to the next. A pooler in transaction mode, such as PgBouncer's, gives each
 * transaction to any process of PostgreSQL, which has the settings, statements and notifications of other connections.
 */
import { randomBytes } from "node:crypto";
import type pg from "pg";
import { POSTGRES_TEST_LOOKS_COUNT_MAX } from "../../domain/limits.ts";
import { type ConnectionOptions, connect } from "./connect.ts";

export interface Session {
  /** Whether the connection has a process of PostgreSQL to itself. */
  readonly isOwn: boolean;
  /** Whether a prepared statement can run in a later transaction. */
  readonly keepsStatements: boolean;
}

const OWN: Session = { isOwn: true, keepsStatements: true };

export async function sessionOf(client: pg.Client, database: ConnectionOptions): Promise<Session> {
  if (await isDirect(client)) return OWN;
  // In session mode, a pooler passes on what it gets.
  if (await renamesStatements(client)) return { isOwn: false, keepsStatements: true };
  const isOwn = !database.isShared && (await isNotified(client, database));
  return isOwn ? OWN : { isOwn: false, keepsStatements: false };
}

/** PostgreSQL names the process behind a connection when it begins. A pooler answers with a number of its own. */
async function isDirect(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return Number(rows[0]?.pid) === (client as pg.Client & { readonly processID: number | null }).processID;
}

const KNOWN = "SELECT count(*) AS known FROM pg_catalog.pg_prepared_statements WHERE name = $1";

/** A pooler that prepares statements in any process gives them other names: two clients may use the same one. */
async function renamesStatements(client: pg.Client): Promise<boolean> {
  const name = `signalbox_${randomBytes(8).toString("hex")}`;
  await client.query("BEGIN");
  const { rows } = await client.query<{ known: string }>({ name, text: KNOWN, values: [name] });
  const isRenamed = Number(rows[0]?.known) === 0;
  if (!isRenamed) await client.query(`DEALLOCATE ${name}`);
  await client.query("COMMIT");
  return isRenamed;
}

/** A notification reaches an idle connection only if that has a process to itself. */
async function isNotified(client: pg.Client, database: ConnectionOptions): Promise<boolean> {
  let heard = false;
  const sender = await connect(database);
  try {
    await client.query("LISTEN signalbox_test");
    client.once("notification", () => {
      heard = true;
    });
    await sender.query("NOTIFY signalbox_test");
    for (let looks = 0; !heard && looks < POSTGRES_TEST_LOOKS_COUNT_MAX; looks += 1) {
      await sender.query("SELECT pg_sleep(0.1)");
    }
    await client.query("UNLISTEN signalbox_test");
    return heard;
  } finally {
    await sender.end();
  }
}

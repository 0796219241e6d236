/** Whether each connection has a session of its own, as the settings, the prepared statements and LISTEN need it. */
import type pg from "pg";
import { StartupError } from "../../../domain/errors.ts";

type Connected = Pick<pg.Client, "query">;

/**
 * A pooler in transaction mode gives a connection's process to another connection between two transactions.
 *
 * @throws StartupError when there is one in between
 */
export async function checkSessions(client: Connected, other: Connected): Promise<void> {
  const first = await processOf(client);
  await other.query("BEGIN");
  const others = await processOf(other);
  const second = await processOf(client);
  await other.query("ROLLBACK");
  if (first === second && first !== others) return;
  throw new StartupError(
    "a pooler between Signalbox and PostgreSQL is in transaction mode, in which a connection has no session: " +
      "set its pool_mode to session, or name the PostgreSQL server itself in DATABASE_URL",
  );
}

async function processOf(client: Connected): Promise<unknown> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return rows[0]?.pid;
}

/** A PostgreSQL server with a replica that can take its place. */
import pg from "pg";
import type { DatabaseAddress } from "../../src/domain/database-address.ts";
import type { Scope } from "../harness/server.ts";
import { type PostgresServer, startPostgres } from "./server.ts";

export interface Promotable {
  /** An empty database, with the addresses of both servers. */
  readonly database: DatabaseAddress;
  /** From now on the replica gets nothing new. */
  stopStreaming(): Promise<void>;
  /** The server crashes for good. */
  crash(): Promise<unknown>;
  /** The replica takes its place. */
  promote(): Promise<void>;
}

/** @param how with a synchronous replica, a commit has happened on both */
export async function promotable(scope: Scope, how: "synchronous" | "asynchronous"): Promise<Promotable> {
  const primary = await startPostgres();
  scope.after(() => primary.stop());
  const database = await primary.createDatabase();
  const replica = await primary.replicate();
  scope.after(() => replica.stop());
  const set = async (server: PostgresServer, name: string, value: string) => {
    await run(server, `ALTER SYSTEM SET ${name} = '${value}'`);
    await run(server, "SELECT pg_reload_conf()");
  };
  if (how === "synchronous") await set(primary, "synchronous_standby_names", "*");
  return {
    database: { ...database, hosts: [...database.hosts, ...replica.hosts] },
    stopStreaming: () => set(replica, "primary_conninfo", ""),
    crash: () => primary.crash(),
    promote: () => run(replica, "SELECT pg_promote()"),
  };
}

/** A replica answers, too. */
async function run({ hosts: [address] }: PostgresServer, sql: string): Promise<void> {
  const client = new pg.Client({ ...address, user: "signalbox", database: "postgres" });
  await client.connect();
  await client.query(sql);
  await client.end();
}

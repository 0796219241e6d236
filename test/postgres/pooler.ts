/**
 * A pooler in transaction mode, as far as nodes need one: consecutive transactions of a client run on different connections
 * to the server. It leaves the names of prepared statements alone, as PgBouncer does without `max_prepared_statements`.
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Worker } from "node:worker_threads";
import type { DatabaseAddress } from "../../src/domain/database-address.ts";
import type { Scope } from "../harness/server.ts";

/** It runs in a thread of its own, because a test's thread may sleep while it waits for the database. */
const THREAD = new URL("./pooler-thread.ts", import.meta.url);

/** Returns the server's address, through the pooler. */
export async function startPooler(scope: Scope, database: DatabaseAddress): Promise<DatabaseAddress> {
  const thread = new Worker(THREAD, { workerData: database.hosts[0] });
  scope.after(async () => {
    await thread.terminate();
  });
  const [address] = (await once(thread, "message")) as [AddressInfo];
  return { ...database, hosts: [{ host: "127.0.0.1", port: address.port }] };
}

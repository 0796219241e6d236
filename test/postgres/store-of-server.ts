/**
 * For a run of tests on PostgreSQL in place of the embedded store, with `STORE=postgres`: one PostgreSQL for each test
 * process, and a database for each server that a test starts.
 */
import { shownDatabase } from "../../src/domain/database-address.ts";
import { type PostgresServer, startPostgres } from "./server.ts";

const MASTER_KEY = Buffer.alloc(32, 7).toString("base64");

let starting: Promise<PostgresServer> | null = null;
let users = 0;

export interface StoreOfServer {
  /** The settings of a server with a new database; none with the embedded store. */
  readonly settings: Readonly<Record<string, string>>;
  /** The server has closed. */
  release(): Promise<void>;
}

export const ON_POSTGRES = process.env.STORE === "postgres";

export async function storeOfServer(): Promise<StoreOfServer> {
  if (!ON_POSTGRES) return { settings: {}, release: async () => undefined };
  users += 1;
  starting ??= startPostgres();
  const server = await starting;
  const database = await server.createDatabase();
  return {
    settings: { DATABASE_URL: shownDatabase(database), SIGNALBOX_MASTER_KEY: MASTER_KEY },
    async release() {
      users -= 1;
      if (users > 0) return;
      starting = null;
      await server.stop();
    },
  };
}

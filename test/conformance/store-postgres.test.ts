/** The conformance suite on PostgreSQL: a real server, and a database for each store. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before } from "node:test";
import type { ClientOptions } from "../../src/store/postgres/client.ts";
import { Connections } from "../../src/store/postgres/connections.ts";
import { openPostgresStore, type PostgresOptions } from "../../src/store/postgres/store.ts";
import { runHere } from "../fixtures/threads-here.ts";
import { type PostgresServer, startPostgres } from "../postgres/server.ts";
import { describeStore, SPECIAL_CALLS, USUAL_CALLS } from "./store/suite.ts";
import type { OpenedStore } from "./store/world.ts";

const masterKey = randomBytes(32);
const onDeath = (error: Error) => assert.fail(`a thread died: ${error.message}`);
let server: PostgresServer;
let migrated: ClientOptions;
let connections: Connections;

before(async () => {
  server = await startPostgres();
  migrated = await server.createDatabase();
  connections = await Connections.start(onDeath);
  const store = await openPostgresStore({ database: migrated, masterKey, onDeath });
  await store.close();
});
after(async () => {
  await connections.close();
  await server.stop();
});

async function openDatabase(threads: Pick<PostgresOptions, "startRunner" | "connections">): Promise<OpenedStore> {
  const database = await server.copyDatabase(migrated);
  const open = () => openPostgresStore({ database, masterKey, onDeath, ...threads });
  let store = await open();
  return {
    get store() {
      return store;
    },
    async reopen() {
      await store.close();
      store = await open();
      return store;
    },
    writeFromOutside: () => server.query(database, "UPDATE signalbox.turn SET number = number + 1"),
    dispose: () => store.close(),
  };
}

describeStore("the store on PostgreSQL with its threads", () => openDatabase({}), SPECIAL_CALLS);
// Starting threads for each of its stores and restarts takes two thirds of the suite.
describeStore(
  "the store on PostgreSQL in one thread",
  () => openDatabase({ startRunner: runHere, connections }),
  USUAL_CALLS,
);

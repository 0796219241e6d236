/** The conformance suite on PostgreSQL: a real server, and a database for each store. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import type { DatabaseAddress } from "../../src/domain/database-address.ts";
import { Connections } from "../../src/store/postgres/connections.ts";
import { openPostgresStore, type PostgresOptions } from "../../src/store/postgres/store.ts";
import { runHere } from "../fixtures/threads-here.ts";
import { failureCases } from "../postgres/failures.ts";
import { FAULTS, runFault } from "../postgres/faults.ts";
import { ACCESS_PAIRS } from "../postgres/interleavings/access-pairs.ts";
import { DELIVERY_PAIRS } from "../postgres/interleavings/delivery-pairs.ts";
import { interleavingCases } from "../postgres/interleavings/interleave.ts";
import { NODE_PAIRS } from "../postgres/interleavings/node-pairs.ts";
import { PAUSE_PAIRS } from "../postgres/interleavings/pause-pairs.ts";
import { movingCases } from "../postgres/moving.ts";
import { nodeCases } from "../postgres/nodes.ts";
import { planCases } from "../postgres/plans/plans.ts";
import { SentTexts } from "../postgres/plans/sent-texts.ts";
import { settlementPlanCases } from "../postgres/plans/settlements.ts";
import { type PostgresServer, startPostgres } from "../postgres/server.ts";
import { startupCases } from "../postgres/startup.ts";
import { textCases } from "../postgres/texts.ts";
import { endTracking } from "../processes/test-tracking.ts";
import { describeStore, SPECIAL_CALLS, USUAL_CALLS } from "./store/suite.ts";
import type { OpenedStore } from "./store/world.ts";

/** Each new database and connection costs, so all subjects together take a minute of two processors. */
const RUNS_ALL = process.env.CONFORMANCE === "all";
/** What `npm test` runs: where the two databases differ most. `npm run conformance` runs everything on both. */
const QUICK = new Set(["publish", "claims", "settlements", "pauses", "nodes"]);
const QUICK_MEETINGS = new Set(["claim ∥ claim", "answer ∥ deadline", "settle ∥ take the node for dead"]);

type Threads = Partial<Pick<PostgresOptions, "startRunner" | "connections" | "onDeath" | "clock">>;

const masterKey = randomBytes(32);
const onDeath = (error: Error) => assert.fail(`a thread died: ${error.message}`);
let server: PostgresServer;
let migrated: DatabaseAddress;
let connections: Connections;
let started: Promise<void> | undefined;

async function start(): Promise<void> {
  server = await startPostgres();
  migrated = await server.createDatabase();
  connections = await Connections.start(onDeath);
  const store = await openPostgresStore({ database: migrated, masterKey, onDeath });
  await store.close();
}
before(() => {
  started = start();
  return started;
});
after(async () => {
  await started; // where a pattern leaves no test, Node does not wait for `before`
  await connections.close();
  await server.stop();
});

async function openOn(database: DatabaseAddress, threads: Threads = {}): Promise<OpenedStore> {
  const open = () => openPostgresStore({ database, masterKey, onDeath, ...threads });
  let store = await open();
  return {
    get store() {
      return store;
    },
    async reopen() {
      await store.close();
      // Other nodes would notice its silence later.
      await server.query(database, "UPDATE signalbox.nodes SET gone_at = seen_at WHERE gone_at IS NULL");
      store = await open();
      return store;
    },
    writeFromOutside: () =>
      server.query(
        database,
        "BEGIN; UPDATE signalbox.turn SET number = number + 1; INSERT INTO signalbox.foreign_changes (kind, node) VALUES ('moons', 0); COMMIT",
      ),
    dispose: () => store.close(),
  };
}

const createDatabase = () => server.copyDatabase(migrated);

// Starting threads for each store takes longer than its cases. The stores of the failures below have threads.
const sent = new SentTexts();
const openHere = async () => openOn(await createDatabase(), { startRunner: sent.run, connections });
const ALL = [...SPECIAL_CALLS, ...USUAL_CALLS];
describeStore("the store on PostgreSQL", openHere, RUNS_ALL ? ALL : ALL.filter(([subject]) => QUICK.has(subject)));

/** What a later version may do to the schema while nodes of this version run. */
const ADD_TO_SCHEMA = `
  DO $$
  DECLARE t text;
  BEGIN
    FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'signalbox' LOOP
      EXECUTE format('ALTER TABLE signalbox.%I ADD COLUMN added_text text, ADD COLUMN added_count bigint NOT NULL DEFAULT 7', t);
    END LOOP;
    UPDATE signalbox.schema_version SET number = number + 1;
  END $$`;
if (RUNS_ALL) {
  const openLater = async () => {
    const database = await createDatabase();
    await server.query(database, ADD_TO_SCHEMA);
    return openOn(database, { startRunner: runHere, connections });
  };
  describeStore("the store on the schema of a later version", openLater, ALL);
}

describe("failures of PostgreSQL", () =>
  failureCases({
    server: () => server,
    createDatabase,
    openOn,
  }));

startupCases({ server: () => server, connections: () => connections, createDatabase, masterKey });

settlementPlanCases({ createDatabase });
if (RUNS_ALL) planCases({ createDatabase, sent });
nodeCases({ createDatabase, query: (database, sql) => server.query(database, sql), masterKey });
const PAIRS = [...DELIVERY_PAIRS, ...PAUSE_PAIRS, ...NODE_PAIRS, ...ACCESS_PAIRS];
const QUICK_PAIRS = PAIRS.filter(({ name }) => QUICK_MEETINGS.has(name));
interleavingCases({ server: () => server, createDatabase, masterKey }, RUNS_ALL ? PAIRS : QUICK_PAIRS);
movingCases({ server: () => server, createDatabase });

if (RUNS_ALL) textCases({ createDatabase, masterKey });

/** What `npm run faults` does for longer. */
describe("faults", () => {
  for (const fault of FAULTS.filter(({ isLong }) => !isLong)) {
    test(`${fault.name}: every accepted event arrives`, async (t) => {
      const numbers = await runFault(t, fault, {
        server,
        masterKey,
        createDatabase,
        events: 100,
        nodes: 2,
        lastsMs: 2000,
        refusalMsMax: 60_000,
      });
      t.diagnostic(JSON.stringify(numbers));
    });
  }
});
endTracking();

/** What a store on PostgreSQL does when its connections fail, and when another node writes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DatabaseAddress } from "../../src/domain/database-address.ts";
import { StoreUnavailable } from "../../src/domain/errors.ts";
import { ANY_DELIVERY } from "../../src/domain/history/ledger.ts";
import { connect, connectionOptions } from "../../src/store/postgres/connect.ts";
import { SCHEMA } from "../../src/store/postgres/schema.ts";
import type { PostgresOptions } from "../../src/store/postgres/store.ts";
import type { Tenancy } from "../conformance/store/access/tenancy.ts";
import { START } from "../conformance/store/delivery/times.ts";
import { succeeded } from "../conformance/store/delivery/verdicts.ts";
import { type OpenedStore, type World, withWorld } from "../conformance/store/world.ts";
import { polled, signalled } from "../harness/deadline.ts";
import { startProxy } from "./proxy.ts";
import type { PostgresServer } from "./server.ts";

const NEWEST = { by: "createdAt", direction: "desc" } as const;
const WAITS = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

export interface Ground {
  readonly server: () => PostgresServer;
  /** An empty database with the schema. */
  createDatabase(): Promise<DatabaseAddress>;
  openOn(
    database: DatabaseAddress,
    options?: Partial<Pick<PostgresOptions, "onDeath" | "clock">>,
  ): Promise<OpenedStore>;
}

/** The looks for an answer of PostgreSQL take place when the test says so, until nothing waits any more. */
function heldLooks() {
  const looks: (() => void)[] = [];
  return {
    clock: {
      after(_: number, look: () => void) {
        looks.push(look);
        return { cancel: () => undefined };
      },
      follow: () => undefined,
      monotonicMs: () => 0,
    },
    lookOn() {
      for (let look = looks.shift(); look !== undefined; look = looks.shift()) look();
    },
  };
}

async function countDeliveries(tenant: Tenancy): Promise<number> {
  return (await tenant.all()).length;
}

export function failureCases({ server, createDatabase, openOn }: Ground): void {
  /** The store learns of the end of its connections from its next statement at the latest. */
  async function endConnections(database: DatabaseAddress, { store }: World): Promise<void> {
    await server().query(
      { ...database, database: "postgres" },
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database.database}'`,
    );
    await store.heartbeat(0, false).catch((error) => assert(error instanceof StoreUnavailable));
  }

  test("a COMMIT whose response is lost has happened, and its verb succeeds", async () => {
    const database = await createDatabase();
    const proxy = await startProxy(database);
    await withWorld(
      () => openOn(proxy.options),
      async (world) => {
        const tenant = await world.newTenant();
        const endpoint = await tenant.endpoint();
        proxy.cutAtCommit("after");
        await tenant.publish([endpoint]);
        assert.equal(await countDeliveries(tenant), 1);
      },
    );
    await proxy.close();
  });

  test("a transaction whose COMMIT never arrives has not happened: its verb fails, and can be repeated", async () => {
    const database = await createDatabase();
    const proxy = await startProxy(database);
    await withWorld(
      () => openOn(proxy.options),
      async (world) => {
        const tenant = await world.newTenant();
        const request = await tenant.request([await tenant.endpoint()]);
        proxy.cutAtCommit("before");
        await assert.rejects(world.store.publish([request]), StoreUnavailable);
        assert.equal(await countDeliveries(tenant), 0);
        const [result] = await world.store.publish([request]);
        assert.equal(result?.kind, "published");
        assert.equal(await countDeliveries(tenant), 1);
      },
    );
    await proxy.close();
  });

  test("while another node holds the turn and does not answer, a publish is refused, and has not happened", async () => {
    const database = await createDatabase();
    const { clock, lookOn } = heldLooks();
    await withWorld(
      () => openOn(database, { clock }),
      async (world) => {
        const tenant = await world.newTenant();
        const request = await tenant.request([await tenant.endpoint()]);
        const frozen = await connect(connectionOptions(database));
        await frozen.query("BEGIN; UPDATE signalbox.turn SET number = number");
        const refused = assert.rejects(world.store.publish([request]), /PostgreSQL does not answer/);
        await polled(async () => (await server().query(database, WAITS))[0] ?? null, "the wait for the turn");
        lookOn();
        await refused;
        assert.equal(await countDeliveries(tenant), 0, "reads go on");
        await frozen.end();
        await world.store.heartbeat(0, false);
        assert.equal(await countDeliveries(tenant), 0);
        await tenant.publish([await tenant.endpoint()]);
      },
    );
  });

  test("while PostgreSQL does not answer, reads are refused as writes are, and the latest numbers stay", async () => {
    const proxy = await startProxy(await createDatabase());
    const { clock, lookOn } = heldLooks();
    await withWorld(
      () => openOn(proxy.options, { clock }),
      async ({ store }) => {
        const before = await store.stats();
        const heal = proxy.swallow();
        const refused = [store.heartbeat(0, false), store.listTenants(null, 1)].map((call) =>
          assert.rejects(call, StoreUnavailable),
        );
        lookOn();
        await Promise.all(refused);
        await assert.rejects(store.listTenants(null, 1), StoreUnavailable);
        assert.deepEqual(await store.stats(), { ...before, writable: false });
        heal();
        const isBack = () => store.listTenants(null, 1).catch(() => null);
        await polled(isBack, "a read");
        await polled(() => store.heartbeat(0, false).catch(() => null), "a heartbeat");
        assert.equal((await store.stats()).writable, true);
      },
    );
    await proxy.close();
  });

  test("a heartbeat that finds a node gone names it", async () => {
    const database = await createDatabase();
    await withWorld(
      () => openOn(database),
      async ({ store }) => {
        await server().query(
          database,
          `UPDATE signalbox.nodes SET heard_since = 0;
          INSERT INTO signalbox.nodes (entered_at, seen_at, heard_since, name, version)
          VALUES (0, 5, 5, 'ghost:8080', '1')`,
        );
        const { gone } = await store.heartbeat(START, true);
        assert.deepEqual(
          gone.map(({ name, seenAt }) => ({ name, seenAt })),
          [{ name: "ghost:8080", seenAt: 5 }],
        );
        assert.deepEqual((await store.heartbeat(START, true)).gone, []);
      },
    );
  });

  test("connections that the server ends are opened again", async () => {
    const database = await createDatabase();
    await withWorld(
      () => openOn(database),
      async (world) => {
        const tenant = await world.newTenant();
        const endpoint = await tenant.endpoint();
        await endConnections(database, world);
        assert.equal(await world.store.findKey("00"), null, "a read is repeated");
        await tenant.publish([endpoint]);
        assert.equal(await countDeliveries(tenant), 1);
      },
    );
  });

  test("a COMMIT that the server answers with a rollback has not happened", async () => {
    const database = await createDatabase();
    const proxy = await startProxy(database);
    await withWorld(
      () => openOn(proxy.options),
      async (world) => {
        const tenant = await world.newTenant();
        const endpoint = await tenant.endpoint();
        const commitAgain = proxy.rollBackCommits();
        await endConnections(database, world);
        await assert.rejects(tenant.publish([endpoint]), StoreUnavailable);
        commitAgain();
        await endConnections(database, world);
        assert.equal(await countDeliveries(tenant), 0);
        await tenant.publish([endpoint]);
        assert.equal(await countDeliveries(tenant), 1);
      },
    );
    await proxy.close();
  });

  test("a store that has gone back ends the process, and a failover that lost nothing does not", async () => {
    const database = await createDatabase();
    const died = signalled<Error>("the end of the store's thread");
    await withWorld(
      () => openOn(database, { onDeath: died.give }),
      async (world) => {
        const tenant = await world.newTenant();
        const publish = async () => world.store.publish([await tenant.request([await tenant.endpoint()])]);
        await publish();
        await server().query(database, "UPDATE signalbox.turn SET timeline = '00000002', since = number + 1");
        await publish();
        await server().query(
          database,
          "UPDATE signalbox.turn SET timeline = '00000003', since = number, intact_at = 5000",
        );
        await assert.rejects(publish(), StoreUnavailable);
        assert.match((await died.promise).message, /accepted after 1970-01-01T00:00:05\.000Z/);
      },
    );
  });

  test("a newer schema that excludes this version ends the process, and any other does not", async () => {
    const database = await createDatabase();
    const died = signalled<Error>("the end of the store's thread");
    await withWorld(
      () => openOn(database, { onDeath: died.give }),
      async (world) => {
        const tenant = await world.newTenant();
        const publish = async () => world.store.publish([await tenant.request([await tenant.endpoint()])]);
        const excluding = await server().query(database, "SELECT oldest::int FROM signalbox.turn");
        assert.deepEqual(
          excluding,
          [{ oldest: 10 }],
          "a node before 10 would end a question for several people with one vote",
        );
        await server().query(database, `UPDATE signalbox.schema_version SET number = ${SCHEMA + 1}`);
        await publish();
        await server().query(database, `UPDATE signalbox.turn SET oldest = ${SCHEMA + 1}`);
        await assert.rejects(publish(), StoreUnavailable);
        assert.match((await died.promise).message, /written by a newer Signalbox/);
      },
    );
  });

  test("an event type that another node's retention has deleted is stored again", async () => {
    const database = await createDatabase();
    const other = await openOn(database);
    await withWorld(
      () => openOn(database),
      async (world) => {
        const tenant = await world.newTenant();
        await other.store.enter(START, { name: "other", version: "0" });
        await tenant.publish([]);
        const types = "SELECT count(*)::int AS types, min(seq)::int AS seq FROM signalbox.event_types";
        const [before] = await server().query(database, types);
        const aged = { now: START + 10 * 86_400_000, retentionMs: 86_400_000 };
        while ((await other.store.sweep(aged)).more);
        assert.deepEqual(await server().query(database, types), [{ types: 0, seq: null }]);
        await tenant.publish([]);
        const [after] = await server().query(database, types);
        assert.equal(after?.types, 1);
        assert.notEqual(after?.seq, before?.seq);
      },
    );
    await other.dispose();
  });

  test("two nodes write in turn, and each reads again what it remembered", async () => {
    const database = await createDatabase();
    const other = await openOn(database);
    await withWorld(
      () => openOn(database),
      async (world) => {
        const tenant = await world.newTenant();
        const endpoint = await tenant.endpoint();
        const request = () => tenant.request([endpoint], { lease: false });
        const seqs: number[] = [];
        for (const store of [world.store, other.store, other.store, world.store, other.store, world.store]) {
          const [result] = await store.publish([await request()]);
          assert(result?.kind === "published");
          seqs.push(result.eventSeq);
        }
        assert.deepEqual(seqs, [1, 2, 3, 4, 5, 6]);
        const both = [world.store, other.store].map(async (store) => store.publish([await request()]));
        assert.deepEqual(
          (await Promise.all(both)).map(([result]) => result?.kind),
          ["published", "published"],
        );
        assert.equal(await countDeliveries(tenant), 8);
      },
    );
    await other.dispose();
  });

  test("the `asOf` of one node's page means the same rows to another node", async () => {
    const database = await createDatabase();
    const other = await openOn(database);
    await withWorld(
      () => openOn(database),
      async (world) => {
        const tenant = await world.newTenant();
        const endpoint = await tenant.endpoint();
        const page = { filter: { ...ANY_DELIVERY, tenantSeq: tenant.tenantSeq }, order: NEWEST, offset: 0, limit: 100 };
        for (let times = 0; times < 3; times += 1) await tenant.waiting(endpoint, { now: START });
        const first = await world.store.listLedger({ ...page, asOf: null, now: START });
        for (const now of [START, START - 500]) await tenant.waiting(endpoint, { now });
        assert.deepEqual(await other.store.listLedger({ ...page, asOf: first.asOf, now: START }), first);
        assert.equal((await other.store.listLedger({ ...page, asOf: null, now: START })).total, 5);
      },
    );
    await other.dispose();
  });

  test("what a node remembered and sent ahead has no effect when another node wrote meanwhile", async () => {
    const database = await createDatabase();
    const other = await openOn(database);
    await withWorld(
      () => openOn(database),
      async (world) => {
        const tenant = await world.newTenant();
        const endpoint = await tenant.endpoint();
        const [first, second, third] = await tenant.leasedMany(endpoint, 3);
        assert(first !== undefined && second !== undefined && third !== undefined);
        const [elsewhere] = await other.store.settle([tenant.settlement(first, succeeded)]);
        const here = await tenant.settle(second, succeeded);
        assert(elsewhere !== undefined && elsewhere.kind !== "broken");
        assert.deepEqual([elsewhere.kind, here.kind], ["settled", "settled"]);
        assert.notEqual(here.attemptSeq, elsewhere.attemptSeq);

        await other.store.patchEndpoint({ ...tenant.owner, id: endpoint.id, status: "PAUSED", now: START });
        const paused = await tenant.settle(third, succeeded);
        assert.deepEqual([paused.kind, paused.lane.held], ["settled", true]);
        const view = await tenant.view(endpoint);
        assert.deepEqual([view.successCount, view.endpoint.status], [3, "PAUSED"]);
      },
    );
    await other.dispose();
  });
}

/** `signalbox admin migrate-store` and `admin verify`: an embedded store with every kind of row, and real databases. */
import assert from "node:assert/strict";
import { cp, writeFile } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { EXIT } from "../../src/cli/failure.ts";
import { type DatabaseAddress, shownDatabase } from "../../src/domain/database-address.ts";
import { connect, connectionOptions } from "../../src/store/postgres/connect.ts";
import { CHILD_KEY, newDataDir } from "../harness/child.ts";
import { polled } from "../harness/deadline.ts";
import { type Hooks, startHooks } from "../harness/hooks.ts";
import { refusalOf, runHere, startHere } from "../harness/in-process.ts";
import { createSource, fromNewAddress, signatureOf } from "../harness/inbound.ts";
import { newJar } from "../harness/jar.ts";
import { ask, respond } from "../harness/pauses.ts";
import { type Client, startServer } from "../harness/server.ts";
import type { PostgresServer } from "./server.ts";

export interface MovingGround {
  server(): PostgresServer;
  /** A database that a server of another master key has used, without a tenant. */
  createDatabase(): Promise<DatabaseAddress>;
}

const EMAIL = "ada@example.com";
const PASSWORD = "correct horse battery";
const KEY = Buffer.alloc(32, 7).toString("base64");
const SETTINGS = {
  SIGNALBOX_ADMIN_EMAIL: EMAIL,
  SIGNALBOX_ADMIN_PASSWORD: PASSWORD,
  SIGNALBOX_MASTER_KEY: KEY,
  SIGNALBOX_PUBLIC_URL: "https://signalbox.example.com",
};
const env = { SIGNALBOX_MASTER_KEY: KEY };
const FIRST = { "idempotency-key": "first" };
const LATER = { retry_schedule_seconds: [86_400] };
/**
 * Empty in the store of these tests: one node forwards no report, the ledger notes a change only until it has read it, and a
 * segment has many rows.
 */
const EMPTY_TABLES = ["forwarded_reports", "ledger_changes", "ledger_segments"];

/** What a client sees of a store, in every part of the API. */
const SEEN = [
  "/v1/tenants",
  "/v1/endpoints",
  "/v1/endpoints/counts",
  "/v1/events",
  "/v1/event-types",
  "/v1/deliveries",
  "/v1/pause",
  "/v1/pause/counts",
  "/v1/jobs",
  "/v1/sources",
  "/v1/inbound-events",
  "/v1/users",
  "/v1/auth/keys",
  "/v1/audit",
];

/** What a server measures while it runs. */
const PRESENT = new Set(["rate", "window", "drain_per_second"]);

async function seenBy(client: Client): Promise<readonly unknown[]> {
  const answers: unknown[] = [];
  for (const place of SEEN) {
    const { status, text } = await client.request("GET", place);
    assert.equal(status, 200, `${place}: ${text}`);
    answers.push({ place, answer: JSON.parse(text, (name, value: unknown) => (PRESENT.has(name) ? null : value)) });
  }
  return answers;
}

async function made(client: Client, place: string, body: object, headers = {}): Promise<string> {
  const answer = await client.request("POST", place, { body, headers });
  assert(answer.status < 300, answer.text);
  return answer.body.id;
}

async function publish(client: Client, headers = {}): Promise<string> {
  const body = { type: "order.paid", payload: { text: "Grüße, \u0000 \u{1f600}", n: 1.5 } };
  const answer = await client.request("POST", "/v1/events", { body, headers });
  assert.equal(answer.status, 202, answer.text);
  return answer.body.event_id;
}

/**
 * Makes rows of every kind: deliveries in each state, people, questions, and inbound requests.
 *
 * @returns the id of the first event
 */
async function fill(client: Client, hooks: Hooks): Promise<string> {
  await made(client, "/v1/endpoints", { url: `${hooks.url}/ok`, headers_json: { "x-secret": "open sesame" } });
  const failing = await made(client, "/v1/endpoints", {
    url: `${hooks.url}/fails`,
    event_types: ["order.*"],
    ...LATER,
  });
  const paused = await made(client, "/v1/endpoints", { url: `${hooks.url}/paused`, name: "paused" });
  const gone = await made(client, "/v1/endpoints", { url: `${hooks.url}/gone` });
  await client.request("PATCH", `/v1/endpoints/${paused}`, { body: { status: "PAUSED" } });
  const first = await publish(client, FIRST);
  await client.request("DELETE", `/v1/endpoints/${gone}`);
  await publish(client);
  await made(client, `/v1/endpoints/${failing}/recover`, { since: "2020-01-01T00:00:00Z" });
  await made(client, "/v1/tenants", { name: "Another" });
  await made(client, "/v1/users", { email: "bob@example.com", role: "developer" });
  await made(client, "/v1/cli/device", { name: "ada@laptop" });
  await made(client, "/v1/listeners", { name: "cli/ada" });
  await made(client, "/v1/receipt-keys/rotate", {});
  const { token } = await ask(client, {}, { "idempotency-key": "asked" });
  await respond(client, token, { choice: "Approve" });
  await ask(client);
  const source = await createSource(client, { scheme: "github" });
  const body = JSON.stringify({ paid: true });
  for (const signature of [signatureOf(body), signatureOf(body, "of another secret")]) {
    const github = { "x-hub-signature-256": signature, "x-github-event": "issues", "x-github-delivery": signature };
    const headers = { ...github, ...fromNewAddress() };
    await client.request("POST", `/in/${source.id}`, { key: null, body, headers });
  }
  const basic = await createSource(client, { scheme: "basic", basic: { username: "shop" } });
  const authorization = `Basic ${btoa("shop:a wrong password")}`;
  await client.request("POST", `/in/${basic.id}`, { key: null, body, headers: { authorization, ...fromNewAddress() } });
  return first;
}

/** As a server that was killed leaves them: a delivery with a lease, and a lane with an owner. */
function leaveLeases(dataDir: string): void {
  const db = new DatabaseSync(path.join(dataDir, "signalbox.db"));
  db.exec(`
    UPDATE nodes SET gone_at = NULL, is_void = 0;
    UPDATE deliveries SET state = 2, claims = 1, lease = (SELECT max(node) FROM nodes) * 4294967296 + 5
    WHERE seq = (SELECT max(seq) FROM deliveries WHERE state = 0);
    UPDATE lanes SET owner = (SELECT max(node) FROM nodes) WHERE endpoint_seq = (SELECT max(endpoint_seq) FROM lanes)`);
  db.close();
}

export function movingCases({ server, createDatabase }: MovingGround): void {
  describe("moving a store", () => {
    const ends: (() => void | Promise<void>)[] = [];
    const scope = { after: (end: () => void | Promise<void>) => void ends.push(end) };
    let filled: string;
    let seen: readonly unknown[];
    let cookie: string;
    let firstEvent: string;
    before(async () => {
      const hooks = await startHooks(scope);
      hooks.react((hook) => hook.answer(hook.path.endsWith("/fails") ? 500 : 200));
      filled = await newDataDir(scope);
      const old = await startHere(scope, filled, SETTINGS);
      const jar = newJar(old.url);
      assert.equal((await jar.signIn(EMAIL, PASSWORD)).status, 200);
      cookie = String(jar.cookie);
      firstEvent = await fill(old, hooks);
      const key = ["admin", "keys", "add", "--name", "of the command line", "--role", "developer"];
      assert.equal((await runHere(filled, key, { env })).code, 0);
      const settled = async () => {
        const { body } = await old.request("GET", "/v1/deliveries?status=PENDING&status=IN_PROGRESS");
        const { text } = await old.request("GET", "/v1/jobs");
        return body.results.length === 0 && !text.includes('"status":"running"') ? true : null;
      };
      await polled(settled, "the end of all attempts and jobs");
      seen = await seenBy(old);
      await old.close();
      leaveLeases(filled);
    });
    after(async () => {
      for (const end of ends.reverse()) await end();
    });

    async function copied(): Promise<string> {
      const dataDir = await newDataDir(scope);
      await cp(filled, dataDir, { recursive: true });
      return dataDir;
    }
    const admin = (dataDir: string, ...words: readonly string[]) => runHere(dataDir, ["admin", ...words], { env });
    const move = (dataDir: string, to: DatabaseAddress) => admin(dataDir, "migrate-store", "--to", shownDatabase(to));
    const settingsOf = (to: DatabaseAddress) => ({ ...SETTINGS, DATABASE_URL: shownDatabase(to) });

    async function count(database: DatabaseAddress, table: string): Promise<number> {
      const client = await connect(connectionOptions(database));
      const { rows } = await client.query<{ count: string }>(`SELECT count(*) AS count FROM signalbox.${table}`);
      await client.end();
      return Number(rows[0]?.count);
    }

    async function assertRefused(running: ReturnType<typeof move>, line: RegExp, exit: number): Promise<void> {
      const { code, stdout, stderr } = await running;
      assert.deepEqual([code, stdout], [exit, ""], stderr);
      assert.match(stderr, /^signalbox: [^\n]+\n$/);
      assert.match(stderr, line);
    }

    test("everything is there afterwards, and the old place says where", async () => {
      const dataDir = await copied();
      const database = await server().createDatabase();
      const { code, stdout, stderr } = await move(dataDir, database);
      assert.deepEqual([code, stderr], [0, ""], stdout);
      assert.match(
        stdout,
        /\n {2}DATABASE_URL='postgres:.*' SIGNALBOX_MASTER_KEY="\$SIGNALBOX_MASTER_KEY" npm start\n/,
      );
      const empty = [...stdout.matchAll(/^([a-z_]+) +0 +0 +yes$/gm)].map(([, table]) => table);
      assert.deepEqual(empty, EMPTY_TABLES, "this test should have rows in every other table");

      await assertRefused(move(dataDir, database), /the data was moved to postgres:.*set DATABASE_URL/, EXIT.conflict);
      await assertRefused(admin(dataDir, "keys", "list"), /the data was moved to postgres:/, EXIT.conflict);
      await assertRefused(admin(dataDir, "verify"), /the data was moved to postgres:/, EXIT.conflict);
      await assertRefused(admin(dataDir, "backup", `${dataDir}.db`), /the data was moved to postgres:/, EXIT.conflict);
      assert.match(
        await refusalOf({ ...SETTINGS, SIGNALBOX_DATA_DIR: dataDir }),
        /the data was moved to postgres:.*127/,
      );
      await assertWorks(database);
      await assertRefused(move(await copied(), database), /is in use: it has 2 tenants/, EXIT.conflict);
    });

    async function assertWorks(database: DatabaseAddress): Promise<void> {
      const server = await startServer(scope, settingsOf(database));
      const client = server.as(CHILD_KEY);
      assert.deepEqual(await seenBy(client), seen);
      const bySession = await server.request("GET", "/v1/endpoints", { key: null, headers: { cookie } });
      assert.equal(bySession.status, 200, bySession.text);
      assert.equal(await publish(client, FIRST), firstEvent, "the idempotency key is still known");
      assert.notEqual(await publish(client), firstEvent);
      await server.close();
      const { code, stdout, stderr } = await runHere("/nowhere", ["admin", "verify"], { env: settingsOf(database) });
      assert.deepEqual([code, stderr], [0, ""], stdout);
    }

    test("a target of another master key, or with a server, is refused", async () => {
      const dataDir = await copied();
      await assertRefused(move(dataDir, await createDatabase()), /has data of another master key.*--to/, EXIT.conflict);
      const used = await server().createDatabase();
      const running = await startServer(scope, settingsOf(used));
      await assertRefused(move(dataDir, used), /is in use: it has 1 tenants/, EXIT.conflict);
      await running.close();
      await assertRefused(
        admin(dataDir, "migrate-store", "--to", "postgres://ada:geheim@127.0.0.1:1/x"),
        /^(?!.*geheim).*refuses connections.*--to/,
        EXIT.unreachable,
      );
      await assertRefused(
        admin(dataDir, "migrate-store", "--to", "mysql://x:geheim@y"),
        /^(?!.*geheim).*--to must be/,
        EXIT.usage,
      );
      const open = await startHere(scope, dataDir, SETTINGS);
      await assertRefused(
        move(dataDir, await server().createDatabase()),
        /another Signalbox is running/,
        EXIT.conflict,
      );
      await open.close();
      await assertRefused(move(await newDataDir(scope), used), /there is no data in/, EXIT.missing);
    });

    test("a row that changes on its way is found, and nothing is moved", async () => {
      const dataDir = await copied();
      const database = await server().createDatabase();
      await (await startServer(scope, { ...settingsOf(database) })).close();
      await server().query(
        database,
        `TRUNCATE signalbox.nodes, signalbox.tenants CASCADE;
         CREATE FUNCTION signalbox.spoil() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN NEW.url := NEW.url || '?'; RETURN NEW; END $$;
         CREATE TRIGGER spoil BEFORE INSERT ON signalbox.endpoints FOR EACH ROW EXECUTE FUNCTION signalbox.spoil()`,
      );
      const { code, stdout, stderr } = await move(dataDir, database);
      assert.equal(code, 1);
      assert.match(stdout, /^endpoints +(\d+) +\1 +no$/m);
      assert.match(stderr, /the copy differs \(endpoints\), so nothing was moved/);
      assert.equal(await count(database, "tenants"), 0);
      await server().query(database, "DROP TRIGGER spoil ON signalbox.endpoints");
      assert.equal((await move(dataDir, database)).code, 0);
    });

    test("a migration that was interrupted starts over, and another source is refused", async () => {
      const dataDir = await copied();
      const unmarked = await copied();
      const database = await server().createDatabase();
      // The connection is lost in the middle: PostgreSQL has nothing of it.
      await (await startServer(scope, { ...settingsOf(database) })).close();
      await server().query(
        database,
        `TRUNCATE signalbox.nodes, signalbox.tenants CASCADE;
         CREATE FUNCTION signalbox.die() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
         CREATE TRIGGER die BEFORE INSERT ON signalbox.events FOR EACH ROW EXECUTE FUNCTION signalbox.die()`,
      );
      await assertRefused(move(dataDir, database), /terminat/, EXIT.failed);
      assert.equal(await count(database, "tenants"), 0);
      await server().query(database, "DROP TRIGGER die ON signalbox.events");
      // While another migration holds the turn, this one does not begin.
      const busy = await connect(connectionOptions(database));
      await busy.query("BEGIN; UPDATE signalbox.turn SET number = number + 1");
      await assertRefused(move(dataDir, database), /in use by an unfinished migration/, EXIT.conflict);
      await busy.end();
      await writeFile(path.join(dataDir, "master.key"), KEY);
      const finished = await runHere(dataDir, ["admin", "migrate-store", "--to", shownDatabase(database)]);
      assert.equal(finished.code, 0, finished.stderr);
      assert.ok(finished.stdout.includes(`SIGNALBOX_MASTER_KEY="$(cat '${dataDir}/master.key')" npm start`));
      // A copy that does not know of it is the source whose process ended before it noted the move.
      assert.equal((await move(unmarked, database)).code, 0);
      const stranger = await newDataDir(scope);
      await (await startHere(scope, stranger, SETTINGS)).close();
      await assertRefused(move(stranger, database), /is in use: it has 2 tenants/, EXIT.conflict);
    });
  });
}

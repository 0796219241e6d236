/** What a start says when the database cannot be used, and which connections `sslmode` permits: with a real server. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { after, before, describe, test } from "node:test";
import { loadConfig } from "../../src/config.ts";
import type { DatabaseAddress } from "../../src/domain/database-address.ts";
import { StartupError } from "../../src/domain/errors.ts";
import type { Store } from "../../src/ports/store.ts";
import { command } from "../../src/program.ts";
import { connect, connectionOptions } from "../../src/store/postgres/connect.ts";
import type { Connections } from "../../src/store/postgres/connections.ts";
import { SCHEMA } from "../../src/store/postgres/schema.ts";
import { openPostgresStore } from "../../src/store/postgres/store.ts";
import { runHere } from "../fixtures/threads-here.ts";
import { startPooler } from "./pooler.ts";
import { type PostgresServer, TLS_DIR } from "./server.ts";

export interface StartupGround {
  readonly server: () => PostgresServer;
  readonly connections: () => Connections;
  /** An empty database with the schema. */
  createDatabase(): Promise<DatabaseAddress>;
  /** The key that the database was created with. */
  readonly masterKey: Uint8Array;
}

const PASSWORD = "pass-word";
/** The server's `pg_hba.conf` has lines for the first four. */
const USERS = ["by_password", "only_tls", "only_plain", "by_certificate", "limited", "old"];

export function startupCases({ server, connections, createDatabase, masterKey }: StartupGround): void {
  describe("a start", () => {
    let database: DatabaseAddress;
    let port: number;
    before(async () => {
      database = await createDatabase();
      port = database.hosts[0]?.port ?? 0;
      for (const user of USERS) await run(`CREATE ROLE ${user} LOGIN PASSWORD '${PASSWORD}'`);
    });
    after(async () => {
      for (const user of USERS) await run(`DROP OWNED BY ${user}; DROP ROLE ${user}`);
    });

    const run = (sql: string, on = database) => server().query(on, sql);
    const url = (user: string, { host = "localhost", at = port, name = database.database, query = "" } = {}) =>
      `postgres://${user}@${host}:${at}/${name}?${query}`;

    function settings(databaseUrl: string, key = masterKey) {
      return loadConfig({
        DATABASE_URL: databaseUrl,
        SIGNALBOX_MASTER_KEY: Buffer.from(key).toString("base64"),
      });
    }

    const notices: string[] = [];

    async function open(databaseUrl: string, key = masterKey): Promise<Store> {
      const config = settings(databaseUrl, key);
      assert(config.database !== null);
      return openPostgresStore({
        database: config.database,
        masterKey: key,
        onDeath: (error) => assert.fail(error),
        onNotice: ({ what }) => notices.push(what),
        connections: connections(),
        // With another key, a thread ends by itself. Only a real one can.
        ...(key === masterKey && { startRunner: runHere }),
      });
    }

    async function refuses(databaseUrl: string, expected: RegExp, key?: Uint8Array): Promise<void> {
      const error: unknown = await open(databaseUrl, key).then(
        (store) => store.close(),
        (reason) => reason,
      );
      assert(error instanceof StartupError, `${databaseUrl}: ${error instanceof Error ? error.stack : "it started"}`);
      assert.match(error.message, expected);
      assert.doesNotMatch(error.message, new RegExp(`${PASSWORD}|\n`));
    }

    test("refuses a wrong address, user, password and database, and says what to correct", async () => {
      const user = `signalbox:${PASSWORD}`;
      await refuses(
        url(user, { at: 1 }),
        /localhost:1 refuses connections: start PostgreSQL there, or correct DATABASE_URL/,
      );
      await refuses(
        url(user, { host: "name.invalid" }),
        /name\.invalid:\d+ does not resolve to an address: correct DATABASE_URL/,
      );
      await refuses(
        `postgres://${user}@/x?host=${import.meta.filename}`,
        /at .*startup\.ts is a file: name the directory of the socket/,
      );
      await refuses(`postgres://${user}@%2Fnowhere/x`, /at \/nowhere has no socket: start PostgreSQL/);
      await refuses(
        url("by_password:wrong"),
        /refuses the password of the user by_password: correct it in DATABASE_URL/,
      );
      await refuses(url("by_password"), /wants a password for the user by_password: add it to DATABASE_URL/);
      await refuses(url(`nobody:${PASSWORD}`), /role "nobody" does not exist/);
      await refuses(
        url(user, { name: "My-data" }),
        /has no database My-data: create it with `CREATE DATABASE "My-data" OWNER signalbox`/,
      );
    });

    test("refuses a user that lacks a right, and says how to grant it", async () => {
      await refuses(
        url("limited"),
        /lacks a right on the schema signalbox: let signalbox run `GRANT USAGE ON SCHEMA signalbox TO limited; GRANT /,
      );
      await run("GRANT USAGE ON SCHEMA signalbox TO limited");
      await run("GRANT SELECT ON ALL TABLES IN SCHEMA signalbox TO limited");
      await refuses(
        url("limited"),
        /on the table signalbox\.attempt_tallies of the user signalbox: let signalbox run `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA signalbox TO limited/,
      );
      await run("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA signalbox TO limited");
      await run("CREATE TABLE signalbox.another (); ALTER TABLE signalbox.another OWNER TO old");
      await refuses(
        url("limited"),
        /table signalbox\.another of the user old: let old run `GRANT SELECT, INSERT, UPDATE, DELETE ON signalbox\.another TO limited`/,
      );
      await run("DROP TABLE signalbox.another");
      const empty = await server().createDatabase();
      const there = { name: empty.database };
      await refuses(
        url("limited", there),
        /permission denied for database.*`GRANT CONNECT, CREATE ON DATABASE test_\d+ TO limited`/,
      );
      await run("CREATE SCHEMA signalbox", empty);
      await refuses(url("limited", there), /schema.*`GRANT USAGE, CREATE ON SCHEMA signalbox TO limited`/);
      await run(`REVOKE CONNECT ON DATABASE ${empty.database} FROM PUBLIC`, empty);
      await refuses(
        url("limited", there),
        /permission denied for database.*`GRANT CONNECT, CREATE ON DATABASE test_\d+ TO limited`/,
      );
    });

    test("needs no user that owns anything, unless the schema is that of an older version", async () => {
      await run("GRANT USAGE ON SCHEMA signalbox TO limited");
      await run("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA signalbox TO limited");
      const store = await open(url("limited"));
      await store.enter(0, { name: "limited", version: "0" });
      await store.close();
      await run("UPDATE signalbox.schema_version SET number = 0");
      await refuses(url("limited"), /of an older version, and only its owner .*: start one node as signalbox first/);
      await run(`UPDATE signalbox.schema_version SET number = ${SCHEMA}`);
    });

    test("refuses a user that may not write or has too few connections, and what is not PostgreSQL", async (t) => {
      await run("ALTER ROLE limited SET default_transaction_read_only = on");
      await refuses(url("limited"), /is read-only: turn off default_transaction_read_only for it, or for this user/);
      await run("ALTER ROLE limited RESET default_transaction_read_only; ALTER ROLE limited CONNECTION LIMIT 0");
      await refuses(url("limited"), /has no connection left \(too many connections for role "limited"\): raise that/);
      await run("ALTER ROLE limited CONNECTION LIMIT -1");
      const other = createServer((socket) => socket.once("data", () => socket.end())).listen(0, "127.0.0.1");
      t.after(() => other.close());
      await once(other, "listening");
      const { port: at } = other.address() as AddressInfo;
      await refuses(
        url("signalbox", { host: "127.0.0.1", at }),
        /closes the connection: check that PostgreSQL listens there, or correct DATABASE_URL/,
      );
      const resetting = createServer((socket) => socket.once("data", () => socket.resetAndDestroy()));
      t.after(() => resetting.close());
      await once(resetting.listen(0, "127.0.0.1"), "listening");
      const place = { host: "127.0.0.1", at: (resetting.address() as AddressInfo).port };
      for (const query of ["sslmode=disable", "sslmode=require"]) {
        await refuses(url("signalbox", { ...place, query }), /closes the connection: check that PostgreSQL listens/);
      }
    });

    // It takes as long as a connection may take.
    test("gives up a pooler without a free connection", { skip: process.env.CONFORMANCE !== "all" }, async (t) => {
      const authenticated = Buffer.from("R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I", "latin1");
      const pooler = createServer((socket) => socket.once("data", () => socket.write(authenticated)));
      t.after(() => pooler.close());
      await once(pooler.listen(0, "127.0.0.1"), "listening");
      const { port: at } = pooler.address() as AddressInfo;
      await refuses(
        url("signalbox", { host: "127.0.0.1", at }),
        /accepts the connection, but answers nothing within 5 s: if it is a pooler, raise its default_pool_size/,
      );
    });

    test("refuses an old server, another encoding, a replica, a newer schema and another master key", async () => {
      // These functions stand in for an old server, and for a replica.
      await run(`
        CREATE SCHEMA pretended;
        GRANT USAGE ON SCHEMA pretended TO old;
        CREATE FUNCTION pretended.current_setting (name text) RETURNS text LANGUAGE sql
          AS $$ SELECT CASE name WHEN 'server_version_num' THEN '130011' ELSE '13.11' END $$;
        ALTER ROLE old SET search_path = pretended, pg_catalog`);
      await refuses(url("old"), /PostgreSQL 13\.11 is too old; Signalbox needs PostgreSQL 14 or later/);
      await run("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0");
      await refuses(
        url("signalbox", { name: "latin" }),
        /the database latin has the encoding LATIN1: use one .* 'UTF8'/,
      );
      await run("CREATE FUNCTION pretended.pg_is_in_recovery () RETURNS boolean LANGUAGE sql AS 'SELECT true'");
      await refuses(url("old"), /is a replica, which accepts no writes: name the primary server in DATABASE_URL/);
      await refuses(
        url("signalbox"),
        /the master key is not the one that this data was written with: set SIGNALBOX_MASTER_KEY to that one/,
        Buffer.alloc(32),
      );
      await run(`UPDATE signalbox.schema_version SET number = 99; UPDATE signalbox.turn SET oldest = ${SCHEMA + 1}`);
      await refuses(url("signalbox"), /written by a newer Signalbox \(schema 99, this one knows \d+\)/);
      await run("UPDATE signalbox.turn SET oldest = 1");
      await (await open(url("signalbox"))).close(); // the newer schema does not exclude this version
      await run(`UPDATE signalbox.schema_version SET number = ${SCHEMA}`);
    });

    test("notices a pooler in transaction mode", async (t) => {
      const { hosts } = await startPooler(t, database);
      const store = await open(url("signalbox", { host: "127.0.0.1", at: hosts[0]?.port ?? 0 }));
      await store.close();
      assert.deepEqual(notices, ["pooler_without_notifications", "pooler_without_prepared_statements"]);
    });

    test("a command says the same, and its exit code says whether the server is out of reach", async () => {
      for (const [databaseUrl, words, exit, error] of [
        [
          url("by_password:wrong"),
          ["admin", "tenants", "list"],
          1,
          /^signalbox: PostgreSQL at localhost:\d+ refuses the password of the user by_password: [^\n]*\n$/,
        ],
        [url("signalbox", { at: 1 }), ["admin", "keys", "list"], 9, /^signalbox: .* refuses connections: [^\n]*\n$/],
        [
          url("signalbox", { at: 1 }),
          ["admin", "verify", "--json"],
          9,
          /^\{"error":\{"code":"UNREACHABLE","message":"PostgreSQL at localhost:1 refuses [^\n]*\}\}\n$/,
        ],
        [url("signalbox", { name: "postgres" }), ["admin", "tenants", "list"], 7, /there is no data of this version/],
      ] as const) {
        let printed = "";
        const code = await command(words, {
          env: { DATABASE_URL: databaseUrl, SIGNALBOX_MASTER_KEY: Buffer.from(masterKey).toString("base64") },
          readInput: async () => "",
          print: assert.fail,
          printError: (text) => {
            printed += text;
          },
        });
        assert.equal(code, exit, printed);
        assert.match(printed, error);
      }
    });

    const file = (name: string) => encodeURIComponent(`${TLS_DIR}${name}`);
    const ca = `sslrootcert=${file("ca.crt")}`;
    const otherCa = `sslrootcert=${file("other-ca.crt")}`;
    const clientCertificate = `sslcert=${file("client.crt")}&sslkey=${file("client.key")}`;

    async function isEncrypted(user: string, query: string, host = "localhost"): Promise<boolean> {
      const { database: address } = settings(url(`${user}:${PASSWORD}`, { query, host }));
      assert(address !== null);
      const client = await connect(connectionOptions(address));
      const { rows } = await client.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
      await client.end();
      return rows[0]?.ssl;
    }

    test("sslmode decides whether the connection is encrypted, as in libpq", async () => {
      const cases: readonly (readonly [user: string, query: string, encrypted: boolean])[] = [
        ["by_password", "sslmode=disable", false],
        ["by_password", "sslmode=allow", false],
        ["only_tls", "sslmode=allow", true],
        ["by_password", "sslmode=prefer", true],
        ["only_plain", "sslmode=prefer", false],
        ["by_password", "sslmode=require", true],
        ["by_password", `sslmode=require&${ca}`, true],
        ["by_password", `sslmode=verify-ca&${ca}`, true],
        ["by_password", `sslmode=verify-full&${ca}`, true],
        ["by_certificate", `sslmode=verify-full&${ca}&${clientCertificate}`, true],
      ];
      for (const [user, query, encrypted] of cases) {
        assert.equal(await isEncrypted(user, query), encrypted, `${user} with ${query}`);
      }
      assert.equal(await isEncrypted("by_password", `sslmode=verify-ca&${ca}`, "127.0.0.1"), true);
      assert.equal(await isEncrypted("by_password", `sslmode=require&${ca}`, "127.0.0.1"), true);
      assert.equal(
        await isEncrypted("by_password", "sslmode=prefer", "localhost:1,localhost"),
        true,
        "the second host",
      );
    });

    test("a connection that cannot be protected as sslmode says is refused, with the fix", async () => {
      const user = `by_password:${PASSWORD}`;
      const cases: readonly (readonly [user: string, query: string, fault: RegExp, host?: string])[] = [
        [user, "sslmode=verify-full", /cannot be verified .*: name its certificate authority with sslrootcert=FILE/],
        [user, `sslmode=verify-full&${otherCa}`, /cannot be verified/],
        [user, `sslmode=verify-ca&${otherCa}`, /cannot be verified/],
        [user, `sslmode=require&${otherCa}`, /cannot be verified/],
        [user, `sslmode=verify-full&${ca}`, /is for another host name: use that name in DATABASE_URL/, "127.0.0.1"],
        [
          `only_tls:${PASSWORD}`,
          "sslmode=disable",
          /if it accepts only encrypted connections, set sslmode=verify-full/,
        ],
        [`only_plain:${PASSWORD}`, "sslmode=require", /refuses the connection/],
        [
          `by_certificate:${PASSWORD}`,
          "sslmode=require",
          /name the certificate of the user by_certificate with sslcert=FILE and sslkey=FILE/,
        ],
        [
          user,
          "sslmode=verify-full&sslrootcert=%2Fnowhere",
          /sslrootcert names the file \/nowhere, which cannot be read \(ENOENT\)/,
        ],
        [
          user,
          `sslmode=require&sslcert=${file("client.crt")}&sslkey=${file("server.key")}`,
          /KEY_VALUES_MISMATCH.*sslkey the private key of sslcert/,
        ],
        [
          user,
          `sslmode=require&sslcert=${file("README.md")}&sslkey=${file("client.key")}`,
          /sslcert must name PEM files/,
        ],
        [user, `sslmode=verify-full&sslrootcert=${file("README.md")}`, /cannot be verified|PEM/],
      ];
      for (const [who, query, fault, host] of cases) await refuses(url(who, { query, ...(host && { host }) }), fault);
    });
  });
}

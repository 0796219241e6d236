import assert from "node:assert/strict";
import { test } from "node:test";
import { shownDatabase } from "../domain/database-address.ts";
import { parseDatabaseUrl } from "./database-url.ts";

function parsed(text: string) {
  const result = parseDatabaseUrl(text);
  assert.ok("value" in result, "fault" in result ? result.fault : "");
  return result.value;
}

function fault(text: string): string {
  const result = parseDatabaseUrl(text);
  return "fault" in result ? result.fault : assert.fail(`${text} was accepted`);
}

test("every part of the URL is read, and the shown address has no password", () => {
  const address = parsed(
    "postgresql://app%40x:p%40ss:w@db1,[::1]:6000,db-2.example:5433/my%20db?sslmode=verify-ca&sslrootcert=%2Fca.pem&sslcert=c&sslkey=k&channel_binding=require",
  );
  assert.deepEqual(address, {
    hosts: [
      { host: "db1", port: 5432 },
      { host: "::1", port: 6000 },
      { host: "db-2.example", port: 5433 },
    ],
    user: "app@x",
    password: "p@ss:w",
    database: "my db",
    tls: { mode: "verify-ca", rootCert: "/ca.pem", cert: "c", key: "k" },
  });
  assert.equal(shownDatabase(address), "postgres://app%40x@db1:5432,[::1]:6000,db-2.example:5433/my%20db");
});

test("the database's name is by default the user's", () => {
  assert.equal(parsed("postgres://app@localhost").database, "app");
  assert.equal(parsed("postgres://app@localhost").password, null);
});

test("one line break at the end is not part of the URL", () => {
  for (const end of ["\n", "\r\n"]) assert.equal(parsed(`postgres://app@localhost/db${end}`).database, "db");
});

test("a Unix socket is named by the directory that contains it", () => {
  assert.deepEqual(parsed("postgres://app@/db?host=/run/postgresql").hosts, [{ host: "/run/postgresql", port: 5432 }]);
  assert.deepEqual(parsed("postgres://app@%2Frun%2Fpostgresql/db").hosts, [{ host: "/run/postgresql", port: 5432 }]);
});

test("without sslmode, only a connection that stays on this machine is not encrypted", () => {
  for (const host of ["localhost", "127.0.0.1", "[::1]", "%2Ftmp"]) {
    assert.equal(parsed(`postgres://app@${host}/db`).tls.mode, "disable", host);
  }
  for (const host of ["db.example.com", "10.0.0.1", "[fd00::1]", "localhost,db"]) {
    assert.equal(parsed(`postgres://app@${host}/db`).tls.mode, "verify-full", host);
  }
});

test("a URL with a mistake is refused with the fix, and without the password", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["mysql://app:secret@db/x", /must be a URL such as postgres:/],
    ["app:secret@db", /must be a URL such as postgres:/],
    ["postgres://app:sec/ret@db/x/y", /must be a URL such as postgres:.*%2F/],
    ["postgres://db/secret", /names no user/],
    ["postgres://app:secret@db/x\n\n", /contains a line break/],
    ["postgres://app:secret@db/%00", /contains a line break or another control character/],
    ["postgres://a%00b:secret@db/x", /control character/],
    ["postgres://app:secret%00@db/x", /control character/],
    ["postgres://app:secret@db/x?sslrootcert=%0A", /control character/],
    ["postgres://app:secret%@db/x", /% that is not followed/],
    ["postgres://app:secret@db/x?sslmod=require", /unknown parameter sslmod; known are host, sslmode/],
    ["postgres://app:secret@db/x?connect_timeout=5", /unknown parameter connect_timeout; known are host/],
    ["postgres://app:more@db?secret=x@db/x", /must be a URL|unknown parameter; known are/],
    ["postgres://app:secret@db/x?sslmode=full", /unknown sslmode; it must be one of disable/],
    ["postgres://app:secret@db/x?sslcert=a", /both sslcert and sslkey/],
    ["postgres://app:secret@db/x?sslmode=verify-ca", /must have sslrootcert=FILE/],
    ["postgres://app:secret@db/x?sslmode=require&sslrootcert=system", /must have sslmode=verify-full/],
    ["postgres://app:secret@db:70000/x", /port from 1 to 65535/],
    ["postgres://app:secret@db:0/x", /port from 1 to 65535/],
    ["postgres://app:secret@a,,b/x", /must name a host/],
    ["postgres://app:secret@[db]/x", /must name a host/],
    ["postgres://app:secret@:5432/x", /must name a host/],
  ];
  for (const [text, expected] of cases) {
    assert.match(fault(text), expected, text);
    assert.doesNotMatch(fault(text), /secret/, text);
  }
});

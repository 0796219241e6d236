import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { START } from "../../../test/fixtures/sqlite-rows.ts";
import { essentialFilters } from "../../domain/delivery/event.ts";
import { StartupError } from "../../domain/errors.ts";
import { STORED_BYTES_PER_ROW } from "../../domain/limits.ts";
import { listAudit } from "../access/audit-views.ts";
import { openLedger } from "../history/ledger/ledger.ts";
import { migrate, openConnection } from "./connection.ts";

const MIGRATIONS = join(import.meta.dirname, "migrations");
const NEWEST = readdirSync(MIGRATIONS).length;
/** The last schema without an index of filters. */
const BEFORE_FILTERS = 8;
const EVERYTHING = { tenantSeq: 1, pauseId: null, type: null, from: null, to: null };

/** Without durability, which took most of the time of these tests. */
const FAST = "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY";

/** A file as a version with this many migrations left it. */
function withFile(schema: number, fill: (db: DatabaseSync) => void, run: (file: string) => void): void {
  const dir = mkdtempSync(join(tmpdir(), "signalbox-migrations-"));
  const file = join(dir, "signalbox.db");
  try {
    const db = new DatabaseSync(file);
    db.exec(`${FAST}; BEGIN`);
    for (const name of readdirSync(MIGRATIONS).sort().slice(0, schema)) {
      db.exec(readFileSync(join(MIGRATIONS, name), "utf8"));
    }
    db.exec(`PRAGMA user_version = ${schema}; COMMIT`);
    fill(db);
    db.close();
    run(file);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** All objects of a schema. */
function schemaOf({ db }: { readonly db: DatabaseSync }): unknown[] {
  return db.prepare("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name").all();
}

test("an audit of the first schema is kept completely, and gets ids", () => {
  const types = ["key.created", "webhook.created", "webhook.deleted"] as const;
  const fill = (db: DatabaseSync) => {
    const insert = db.prepare("INSERT INTO audit VALUES (?, 1, ?, ?, zeroblob(16), ?, ?)");
    for (const [index, type] of types.entries()) {
      insert.run(10 + index, type, index === 0 ? "system" : "key", `{"n":"${index}"}`, START + index);
    }
  };
  withFile(1, fill, (file) => {
    const connection = openConnection(file, "write");
    migrate(connection);
    assert.equal(connection.db.prepare("PRAGMA user_version").get()?.user_version, NEWEST);
    const { rows, total } = listAudit(connection, EVERYTHING, 0, 10);
    assert.equal(total, 3);
    assert.deepEqual(
      rows.map(({ type, actor, pauseId, data, createdAt }) => [type, actor, pauseId, data, createdAt]),
      [
        ["webhook.deleted", "developer", null, { n: "2" }, START + 2],
        ["webhook.created", "developer", null, { n: "1" }, START + 1],
        ["key.created", "system", null, { n: "0" }, START],
      ],
    );
    assert.equal(new Set(rows.map(({ id }) => id)).size, 3);
    for (const { id, createdAt } of rows) {
      assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      assert.equal(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16), createdAt);
    }
    const seqs = connection.db.prepare("SELECT seq FROM audit ORDER BY seq").all();
    assert.deepEqual(
      seqs.map(({ seq }) => seq),
      [10, 11, 12],
    );
    connection.db.close();
  });
});

test("the sums for quotas include what an older version stored", () => {
  const fill = (db: DatabaseSync) => {
    db.exec(`
      INSERT INTO tenants (seq, id, name, created_at) VALUES (1, x'01', 'a', 0), (2, x'02', 'b', 0), (3, x'03', 'c', 0);
      INSERT INTO events (seq, id, tenant_seq, type_seq, payload, accepted_at, first_delivery_seq, delivery_count, named,
        keyed)
      VALUES (1, x'01', 1, 1, '{"ü":1}', 0, 1, 0, 0, 0), (2, x'02', 1, 1, '{}', 0, 1, 3, 0, 0),
        (3, x'03', 2, 1, '{"long":"${"x".repeat(10_000)}"}', 0, 4, 1, 0, 0);
      INSERT INTO inbound (id, kind, tenant_seq, valid, address, received_at, body_bytes, url, headers, body)
      VALUES (x'01', 1, 2, 1, '', 0, 5, '/', '{}', x'0102030405'), (x'02', 1, 2, 0, '', 0, 9, '/', '{}', x'01'),
        (x'03', 1, NULL, 0, '', 0, 9, '/', '{}', x'01');
      INSERT INTO pauses (id, tenant_seq, status, message, options, allow_text_response, metadata, expires_at, created_at,
        notification)
      VALUES (x'01', 1, 0, 'Ü', '["a"]', 0, NULL, 0, 0, 0), (x'02', 1, 1, 'b', '["a"]', 0, '{"k":1}', 0, 0, 0);
    `);
  };
  withFile(6, fill, (file) => {
    const connection = openConnection(file, "write");
    migrate(connection);
    const row = STORED_BYTES_PER_ROW;
    assert.deepEqual(
      connection.db
        .prepare("SELECT open_pauses, stored_bytes FROM tenants ORDER BY seq")
        .all()
        .map((sums) => ({ ...sums })),
      [
        { open_pauses: 1, stored_bytes: 8 + row + (2 + 4 * row) + (2 + 5 + row) + (1 + 5 + 7 + row) },
        { open_pauses: 0, stored_bytes: 10_011 + 2 * row + (5 + row) },
        { open_pauses: 0, stored_bytes: 0 },
      ],
    );
    connection.db.close();
  });
});

test("the lanes of an older schema get their tenants", () => {
  const fill = (db: DatabaseSync) => {
    db.exec("PRAGMA foreign_keys = OFF");
    const insert = db.prepare(`
      INSERT INTO endpoints
        (seq, id, tenant_seq, made_by, name, url, format, timeout_seconds, retry_schedule_seconds, max_in_flight, ordered,
         status, created_at, updated_at)
      VALUES (?, randomblob(16), ?, 'endpoints', '', '', 'standard', 1, '[]', 1, 0, 'ACTIVE', 0, 0)`);
    for (const [seq, tenantSeq] of [
      [1, 7],
      [2, 8],
      [3, 7],
    ] as const) {
      insert.run(seq, tenantSeq);
      db.prepare("INSERT INTO lanes (endpoint_seq, ready_at) VALUES (?, 5)").run(seq);
    }
  };
  withFile(9, fill, (file) => {
    const connection = openConnection(file, "write");
    migrate(connection);
    const lanes = connection.db.prepare("SELECT tenant_seq, ready_at FROM lanes ORDER BY endpoint_seq").all();
    assert.deepEqual(
      lanes.map((lane) => Object.values(lane)),
      [
        [7, 5],
        [8, 5],
        [7, 5],
      ],
    );
    connection.db.close();
  });
});

test("a file that was brought up to date has the schema of a new one, and is not touched again", () => {
  const fresh = openConnection(":memory:", "write");
  migrate(fresh);
  // What is between them is the same sequence of migrations.
  for (const schema of [1, NEWEST]) {
    withFile(
      schema,
      () => {},
      (file) => {
        const connection = openConnection(file, "write");
        connection.db.exec("PRAGMA synchronous = OFF");
        migrate(connection);
        migrate(connection);
        assert.deepEqual(schemaOf(connection), schemaOf(fresh));
        connection.db.close();
      },
    );
  }
});

test("endpoints from before the index of filters are in the index", () => {
  const columns =
    "(id, tenant_seq, made_by, name, url, event_types, format, timeout_seconds, retry_schedule_seconds, max_in_flight, ordered, status, created_at, updated_at, deleted_at)";
  const filters = ["a.*", "a.b", "a.b.*", "c", "c", "c.d", "ab.*", "a."];
  const endpoints: readonly (readonly [string | null, string, number | null])[] = [
    [null, "ACTIVE", null],
    [JSON.stringify(filters), "PAUSED", null],
    [JSON.stringify(["a"]), "DISABLED", null],
    [JSON.stringify(["a"]), "ACTIVE", START],
    [null, "DISABLED", null],
  ];
  const fill = (db: DatabaseSync) => {
    db.exec("INSERT INTO tenants (seq, id, name, created_at) VALUES (7, zeroblob(16), 'Tenant', 0)");
    const insert = db.prepare(
      `INSERT INTO endpoints ${columns} VALUES (?, 7, 'endpoints', 'n', 'u', ?, 'plain', 10, '[]', 1, 0, ?, 0, 0, ?)`,
    );
    for (const [index, [types, status, deletedAt]] of endpoints.entries()) {
      insert.run(new Uint8Array(16).fill(index + 1), types, status, deletedAt);
    }
  };
  withFile(BEFORE_FILTERS, fill, (file) => {
    const connection = openConnection(file, "write");
    migrate(connection);
    const rows = connection.db.prepare("SELECT * FROM endpoint_filters ORDER BY endpoint_seq, filter").all();
    const expected = [
      [1, "*"],
      ...essentialFilters(filters)
        .toSorted()
        .map((filter) => [2, filter]),
    ];
    assert.deepEqual(
      rows.map((row) => [row.endpoint_seq, row.filter]),
      expected,
    );
    assert.ok(rows.every((row) => row.tenant_seq === 7));
    connection.db.close();
  });
});

test("the ledger of an older version, which has fewer columns, is written again", () => {
  const fill = (db: DatabaseSync) => {
    db.exec(`
      INSERT INTO ledger_segments VALUES (1, 1, 1, 1, 1, 0, 0, zeroblob(49));
      INSERT INTO meta (name, value) VALUES ('ledger', '{"delivery":1,"attempt":1,"change":0}');
      INSERT INTO jobs (id, tenant_seq, kind, cursor, created_at)
      VALUES (zeroblob(16), 1, 'recover', '{"endpointSeq":5}', 0)`);
  };
  withFile(18, fill, (file) => {
    const connection = openConnection(file, "write");
    migrate(connection);
    const ledger = openLedger(connection, 64 * 1024 * 1024);
    assert.deepEqual([ledger.shelves.size, ledger.progress], [0, { delivery: 0, attempt: 0, change: 0 }]);
    assert.equal(connection.db.prepare("SELECT endpoint_seq FROM jobs").get()?.endpoint_seq, 5);
    connection.db.close();
  });
});

test("a file of a newer version is refused", () => {
  withFile(
    1,
    (db) => db.exec(`PRAGMA user_version = ${NEWEST + 1}`),
    (file) => {
      const connection = openConnection(file, "write");
      assert.throws(() => migrate(connection), StartupError);
      connection.db.close();
    },
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ElementType } from "./arrays.ts";
import { changedTable, rowsAtOnce } from "./rows-at-once.ts";

const COLUMNS = new Map<string, ElementType>([
  ["seq", "int8"],
  ["id", "bytea"],
  ["name", "text"],
  ["share", "float8"],
]);

test("an insert takes its parameters from arrays, and keeps its constants", () => {
  const sql = "\n  INSERT INTO t\n    (seq, id, name, share)\n  VALUES (?, ?, 'none', ?)";
  assert.equal(changedTable(sql), "t");
  assert.deepEqual(rowsAtOnce(sql, COLUMNS), {
    text:
      "INSERT INTO t (seq, id, name, share) SELECT u.p1, u.p2, 'none', u.p3 " +
      "FROM unnest($1::int8[], $2::bytea[], $3::float8[]) WITH ORDINALITY AS u (p1, p2, p3, place)",
    types: ["int8", "bytea", "float8"],
  });
});

test("an insert that may find its row adds to it", () => {
  const found = rowsAtOnce(
    "INSERT INTO t (seq, share) VALUES (?, ?) ON CONFLICT (seq) DO UPDATE SET share = t.share + excluded.share",
    COLUMNS,
  );
  assert.equal(
    found?.text,
    "INSERT INTO t (seq, share) SELECT u.p1, u.p2 " +
      "FROM unnest($1::int8[], $2::float8[]) WITH ORDINALITY AS u (p1, p2, place) " +
      "ON CONFLICT (seq) DO UPDATE SET share = t.share + excluded.share",
  );
});

test("an update joins the arrays by its condition, and returns the places of the rows that changed something", () => {
  const found = rowsAtOnce("UPDATE t SET name = ?, share = share + ? WHERE seq = ? AND id = ?", COLUMNS);
  assert.equal(
    found?.text.replaceAll(/\s+/g, " "),
    "UPDATE t SET name = u.p1, share = share + u.p2 " +
      "FROM unnest($1::text[], $2::float8[], $3::int8[], $4::bytea[]) WITH ORDINALITY AS u (p1, p2, p3, p4, place) " +
      "WHERE seq = u.p3 AND (id = u.p4) IS TRUE RETURNING u.place",
  );
  assert.deepEqual(found?.types, ["text", "float8", "int8", "bytea"]);
});

test("other statements stay as they are", () => {
  for (const sql of [
    "INSERT INTO t (seq) VALUES (?) RETURNING seq",
    "INSERT INTO t (seq) VALUES (?) ON CONFLICT DO NOTHING",
    "INSERT INTO t VALUES (coalesce(?, 0))",
    "DELETE FROM t WHERE seq = ?",
    "SELECT seq FROM t WHERE seq = ?",
  ]) {
    assert.equal(changedTable(sql), null, sql);
    assert.equal(rowsAtOnce(sql, COLUMNS), null, sql);
  }
  assert.throws(() => rowsAtOnce("UPDATE t SET other = ? WHERE seq = ?", COLUMNS), /no column other/);
  assert.throws(() => rowsAtOnce("UPDATE t SET name = ? WHERE share > 1 AND seq = ?", COLUMNS), /not a key/);
});

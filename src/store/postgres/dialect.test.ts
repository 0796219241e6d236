import assert from "node:assert/strict";
import { test } from "node:test";
import { toPostgres } from "./dialect.ts";

const CASES: readonly (readonly [what: string, sqlite: string, postgres: string])[] = [
  ["positional parameters", "SELECT ? FROM t WHERE a = ? AND b = '?'", "SELECT $1 FROM t WHERE a = $2 AND b = '?'"],
  ["numbered parameters", "SELECT ?2, ?1, ?2", "SELECT $2, $1, $2"],
  ["named parameters", "SELECT :a, :b, :a, c::int8", "SELECT $1, $2, $1, c::int8"],
  ["a comment with a question", "SELECT a -- why?\nFROM t", "SELECT a -- why?\nFROM t"],
  ["a named index", "SELECT a FROM t INDEXED BY t_a WHERE a = 1", "SELECT a FROM t /* t_a */ WHERE a = 1"],
  ["no index", "SELECT a FROM t NOT INDEXED WHERE a = 1", "SELECT a FROM t WHERE a = 1"],
  ["an order of joins", "FROM a x CROSS JOIN b y ON y.a = x.a", "FROM a x JOIN b y ON y.a = x.a"],
  ["a cross join", "FROM a CROSS JOIN b WHERE 1 = 1", "FROM a CROSS JOIN b WHERE 1 = 1"],
  ["the larger of two values", "SET a = max(b, coalesce(c, 0))", "SET a = greatest(b, coalesce(c, 0))"],
  ["the smaller of nested values", "min(a, max(b, c))", "least(a, greatest(b, c))"],
  ["an aggregate", "SELECT max(coalesce(a, b)) FROM t", "SELECT max(coalesce(a, b)) FROM t"],
  ["letter case", "WHERE email = ? COLLATE NOCASE", 'WHERE lower(email) = lower($1 COLLATE "C")'],
  ["a list", "a IN (SELECT value FROM json_each(?))", "a = ANY (ARRAY(SELECT value FROM each_value($1)))"],
  [
    "a list of numbers",
    "a IN (SELECT CAST(value AS INTEGER) FROM json_each(:a))",
    "a = ANY (ARRAY(SELECT CAST(value AS bigint) FROM each_value($1)))",
  ],
  ["what is not in a list", "a NOT IN (SELECT value FROM json_each(?))", "a NOT IN (SELECT value FROM each_value($1))"],
  [
    "a key",
    "WHERE e.id = ? AND e.a = ? AND e.b IS NULL LIMIT 1",
    "WHERE e.id = $1 AND (e.a = $2 AND e.b IS NULL) IS TRUE LIMIT 1",
  ],
  ["keys", "WHERE id IN (?, ?) AND a = ? AND b IS NULL", "WHERE id IN ($1, $2) AND (a = $3 AND b IS NULL) IS TRUE"],
  ["a key beside another table's column", "WHERE id = ? AND e.a = ?", "WHERE id = $1 AND e.a = $2"],
  ["a column that is no key", "WHERE x_id = ? AND a = ?", "WHERE x_id = $1 AND a = $2"],
];

for (const [what, sqlite, postgres] of CASES) {
  test(`${what} in PostgreSQL`, () => assert.equal(toPostgres(sqlite).text([]), postgres));
}

test("parameters get their casts, wherever they stand", () => {
  assert.equal(toPostgres("SELECT ?2, ?1").text(["::int8", ""]), "SELECT $2, $1::int8");
  const { text, names } = toPostgres("SELECT :b + :a");
  assert.deepEqual(names, ["b", "a"]);
  assert.equal(text(["::int8", "::float8"]), "SELECT $1::int8 + $2::float8");
});

test("a statement has one kind of parameters", () => {
  assert.throws(() => toPostgres("SELECT ?, :a"), /both named and positional/);
});

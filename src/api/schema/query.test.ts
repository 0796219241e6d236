import assert from "node:assert/strict";
import { test } from "node:test";
import Type from "typebox";
import { queryChecker } from "./query.ts";

const check = queryChecker(
  Type.Object(
    {
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
      search: Type.Optional(Type.String({ minLength: 1 })),
      valid: Type.Optional(Type.Boolean()),
      from: Type.Optional(Type.String({ format: "date-time" })),
    },
    { additionalProperties: false },
  ),
);

test("integers are converted, and digits in a string remain a string", () => {
  const checked = check({ limit: "20", search: "20" });
  assert.deepEqual(checked, { kind: "ok", value: { limit: 20, search: "20" } });
});

test("only true and false are booleans", () => {
  assert.deepEqual(check({ valid: "false" }), { kind: "ok", value: { valid: false } });
  for (const valid of ["1", "TRUE", "yes", ""]) {
    assert.deepEqual(check({ valid }), { kind: "faults", faults: [{ field: "valid", rule: "must be true or false" }] });
  }
});

test("a plus sign that was decoded to a space is restored", () => {
  assert.deepEqual(check({ from: "2024-01-01T00:00:00 02:00" }), {
    kind: "ok",
    value: { from: "2024-01-01T00:00:00+02:00" },
  });
});

test("every invalid, repeated or unknown parameter is listed, and every route accepts tenant", () => {
  const checked = check({ limit: "1e1", search: ["a", "b"], serch: "x", tenant: "whatever" });
  assert.deepEqual(checked, {
    kind: "faults",
    faults: [
      { field: "limit", rule: "must be an integer from 1 to 100" },
      { field: "search", rule: "must be a string of at least 1 characters" },
      { field: "serch", rule: 'is not a query parameter of this request; did you mean "search"?' },
    ],
  });
});

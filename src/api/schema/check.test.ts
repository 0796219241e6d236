import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import Type from "typebox";
import { invalid } from "../errors/problem.ts";
import { checker, type FieldRules } from "./check.ts";

const Body = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 3 }),
    timeout_seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 30 })),
    types: Type.Optional(
      Type.Union([Type.Array(Type.String({ format: "event-filter" }), { minItems: 1, maxItems: 2 }), Type.Null()]),
    ),
    mode: Type.Optional(Type.Enum(["a", "b"])),
    headers: Type.Optional(Type.Record(Type.String(), Type.String())),
  },
  { additionalProperties: false },
);

function faults(value: unknown, rules: FieldRules = {}): string[] {
  const checked = checker(Body, rules)(value);
  return checked.kind === "ok" ? [] : checked.faults.map(({ field, rule }) => `${field} ${rule}`);
}

test("a valid body has no faults, and is returned unchanged", () => {
  const value = { name: "abc", timeout_seconds: 30, types: null, mode: "a", headers: { x: "y" } };
  assert.deepEqual(checker(Body)(value), { kind: "ok", value });
});

test("every fault is listed once, as a sentence", () => {
  const body = { timeout_seconds: 0.5, types: ["no*", 3], mode: "c", timeout_second: 1, zzz: 1 };
  assert.deepEqual(faults(body), [
    "name is required and must be a string of 1 to 3 characters",
    "timeout_seconds must be an integer from 1 to 30",
    "types[0] must be an event type, or a prefix of one followed by .*",
    "types[1] must be an event type, or a prefix of one followed by .*",
    'mode must be one of "a", "b"',
    'timeout_second is not a field of this request; did you mean "timeout_seconds"?',
    "zzz is not a field of this request",
  ]);
});

test("if no member of a union matches, the whole union is described", () => {
  const rule = "null or an array of 1 to 2 items, each an event type, or a prefix of one followed by .*";
  for (const types of [3, [], {}, "x", [1, 2, 3]])
    assert.deepEqual(faults({ name: "a", types }), [`types must be ${rule}`]);
});

test("a fault inside a nullable object is reported there, and not for the object too", () => {
  const inner = Type.Object({ name: Type.String() }, { additionalProperties: false });
  const check = checker(Type.Object({ at: Type.Optional(Type.Union([inner, Type.Null()])) }));
  const of = (at: unknown) => {
    const checked = check({ at });
    return checked.kind === "ok" ? [] : checked.faults.map(({ field, rule }) => `${field} ${rule}`);
  };
  assert.deepEqual([of(null), of({ name: "x" })], [[], []]);
  assert.deepEqual(of(3), ["at must be an object or null"]);
  assert.deepEqual(of({ nam: 3 }), [
    "at.name is required and must be a string",
    'at.nam is not a field of this request; did you mean "name"?',
  ]);
  assert.deepEqual(of({ name: "x", more: 3 }), ["at.more is not a field of this request"]);
});

test("a field's own rule replaces the schema's faults, and runs only if the field is present", () => {
  const rules = { headers: () => [{ field: "headers.Host", rule: "must not be" }] };
  assert.deepEqual(faults({ name: "a", headers: { Host: 3 } }, rules), ["headers.Host must not be"]);
  assert.deepEqual(faults({ name: "a" }, rules), []);
});

test("a body that is not an object is a single fault", () => {
  for (const value of [null, undefined, [], "x", 3, true])
    assert.deepEqual(faults(value), ["body must be a JSON object"]);
});

test("inherited property names are unknown fields like any others", () => {
  const value: unknown = JSON.parse('{"name":"a","__proto__":{"mode":"a"},"constructor":1,"toString":2}');
  assert.deepEqual(
    faults(value).map((fault) => fault.split(" ")[0]),
    ["__proto__", "constructor", "toString"],
  );
});

test("a body either matches the schema or has at least one fault", () => {
  const check = checker(Body);
  fc.assert(
    fc.property(
      fc.oneof(fc.jsonValue(), fc.record({ name: fc.string(), types: fc.jsonValue(), mode: fc.jsonValue() })),
      (value) => {
        const checked = check(value);
        if (checked.kind === "faults") assert.ok(checked.faults.length > 0, JSON.stringify(value));
      },
    ),
  );
});

const faultsOf = (value: unknown) => {
  const checked = checker(Body)(value);
  return checked.kind === "ok" ? [] : invalid(checked.faults).details.map(({ field, rule }) => `${field} ${rule}`);
};
const many = (count: number, name: (n: number) => string) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [name(n), n]));

test("twenty faults are listed, and the others counted up to a limit", () => {
  assert.equal(faultsOf({ name: "a", ...many(20, (n) => `field${n}`) }).length, 20);
  const some = faultsOf({ name: "a", ...many(21, (n) => `field${n}`) });
  assert.deepEqual(some.slice(19), [
    "field19 is not a field of this request",
    "request has 1 more fault; fix these first",
  ]);
  assert.equal(faultsOf(many(50, (n) => `field${n}`)).at(-1), "request has 31 more faults; fix these first");
  assert.equal(faultsOf(many(5000, (n) => `field${n}`)).at(-1), "request has at least 80 more faults; fix these first");
});

test("only the first unknown fields get suggestions, and the names of other products are recognized", () => {
  const hinted = faultsOf({ name: "a", ...many(15, (n) => `mode${n}`) }).filter((fault) =>
    fault.includes("did you mean"),
  );
  assert.equal(hinted.length, 5);
  assert.deepEqual(faultsOf({ Name: "a", timeoutSeconds: 3, timeout: 3, filterTypes: [] }), [
    "name is required and must be a string of 1 to 3 characters",
    'Name is not a field of this request; did you mean "name"?',
    'timeoutSeconds is not a field of this request; did you mean "timeout_seconds"?',
    'timeout is not a field of this request; use "timeout_seconds", which must be an integer from 1 to 30',
    "filterTypes is not a field of this request",
  ]);
});

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

test("a good body has no faults and comes back as it is", () => {
  const value = { name: "abc", timeout_seconds: 30, types: null, mode: "a", headers: { x: "y" } };
  assert.deepEqual(checker(Body)(value), { kind: "ok", value });
});

test("every fault is named, each once, in words", () => {
  const body = { timeout_seconds: 0.5, types: ["no*", 3], mode: "c", timeout_second: 1, zzz: 1 };
  assert.deepEqual(faults(body), [
    "name is required and must be a string of 1 to 3 characters",
    "timeout_seconds must be an integer from 1 to 30",
    "types[0] must be an event type, or the beginning of one followed by .*",
    "types[1] must be an event type, or the beginning of one followed by .*",
    'mode must be one of "a", "b"',
    'timeout_second is not a field of this request; did you mean "timeout_seconds"?',
    "zzz is not a field of this request",
  ]);
});

test("a union is described whole when no member of it fits", () => {
  const rule = "an array of 1 to 2 items, each an event type, or the beginning of one followed by .* or null";
  for (const types of [3, [], {}, "x", [1, 2, 3]])
    assert.deepEqual(faults({ name: "a", types }), [`types must be ${rule}`]);
});

test("what is wrong inside an object that may be null is told there, and not of the object as well", () => {
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

test("a rule of our own stands in for the schema's, and is asked only when the field is there", () => {
  const rules = { headers: () => [{ field: "headers.Host", rule: "must not be" }] };
  assert.deepEqual(faults({ name: "a", headers: { Host: 3 } }, rules), ["headers.Host must not be"]);
  assert.deepEqual(faults({ name: "a" }, rules), []);
});

test("what is no object is one fault of the body", () => {
  for (const value of [null, undefined, [], "x", 3, true])
    assert.deepEqual(faults(value), ["body must be a JSON object"]);
});

test("inherited names are unknown fields like any other", () => {
  const value: unknown = JSON.parse('{"name":"a","__proto__":{"mode":"a"},"constructor":1,"toString":2}');
  assert.deepEqual(
    faults(value).map((fault) => fault.split(" ")[0]),
    ["__proto__", "constructor", "toString"],
  );
});

test("a body is refused with at least one fault, or it is what the schema says", () => {
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

test("twenty faults are named, and the others counted up to a bound", () => {
  assert.equal(faultsOf({ name: "a", ...many(20, (n) => `field${n}`) }).length, 20);
  const some = faultsOf({ name: "a", ...many(21, (n) => `field${n}`) });
  assert.deepEqual(some.slice(19), [
    "field19 is not a field of this request",
    "request has 1 more fault; fix these first",
  ]);
  assert.equal(faultsOf(many(50, (n) => `field${n}`)).at(-1), "request has 31 more faults; fix these first");
  assert.equal(faultsOf(many(5000, (n) => `field${n}`)).at(-1), "request has at least 80 more faults; fix these first");
});

test("only the first unknown fields get a suggestion, and a field named otherwise elsewhere is recognized", () => {
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

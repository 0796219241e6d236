import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  essentialFilters,
  filtersFor,
  isEventFilter,
  isEventType,
  isReservedEventType,
  matchesFilters,
} from "./event.ts";

/** Few letters, so that random types and filters often match. */
const type = fc.string({ unit: fc.constantFrom("a", "b", "."), minLength: 1, maxLength: 8 });
const filter = fc.oneof(
  type,
  type.map((text) => `${text}.*`),
);
const filters = fc.option(fc.array(filter, { maxLength: 6 }), { nil: null });

test("the filters that are looked up for a type are exactly those that match it", () => {
  fc.assert(
    fc.property(type, filter, (name, one) => {
      assert.ok(isEventType(name) && isEventFilter(one));
      assert.equal(filtersFor(name).includes(one), matchesFilters([one], name));
    }),
    { numRuns: 400 },
  );
});

test("the essential filters match the same types as all filters, and at most one matches each type", () => {
  fc.assert(
    fc.property(type, filters, (name, all) => {
      const looked = new Set(filtersFor(name));
      const passing = essentialFilters(all).filter((one) => looked.has(one));
      assert.equal(passing.length, matchesFilters(all, name) ? 1 : 0);
    }),
    { numRuns: 400 },
  );
});

test("a type that consists of dots has a filter for each dot", () => {
  assert.equal(filtersFor(".".repeat(128)).length, 130);
  assert.deepEqual(filtersFor("order"), ["*", "order"]);
  assert.deepEqual(filtersFor("order.paid.eu"), ["*", "order.*", "order.paid.*", "order.paid.eu"]);
});

test("a filter matches an operational event only if it names it, exactly or by prefix", () => {
  for (const type of ["delivery.failed", "endpoint.disabled"]) {
    assert.equal(matchesFilters(null, type), false);
    for (const filter of [type, `${type.split(".")[0]}.*`]) assert.ok(matchesFilters([filter], type), filter);
    assert.equal(isReservedEventType(type), true);
  }
  assert.equal(isReservedEventType("delivery.created"), false);
});

test("letter case counts, so a type in other letters is not reserved, and reaches no endpoint that takes the reserved one", () => {
  for (const type of ["Pause.responded", "pauSe_status.received", "Endpoint.disabled", "Delivery.failed", "Test"]) {
    assert.equal(isReservedEventType(type), false, type);
    assert.equal(matchesFilters([type.toLowerCase(), `${type.toLowerCase().split(".")[0]}.*`], type), false, type);
  }
});

test("callers cannot use the filter that matches everything", () => {
  for (const name of filtersFor("a").filter((one) => one !== "a")) assert.equal(isEventFilter(name), false);
});

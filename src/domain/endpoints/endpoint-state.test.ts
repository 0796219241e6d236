import assert from "node:assert/strict";
import { test } from "node:test";
import { HEALTHY } from "../delivery/health.ts";
import { REST_AFTER_FAILURES } from "../limits.ts";
import { endpointState } from "./endpoint-state.ts";

const NOW = 1_000_000;
const of = (health: object, rest: object = {}) =>
  endpointState({ status: "ACTIVE", ordered: false, health: { ...HEALTHY, ...health }, waitUntil: null, ...rest }, NOW);

test("a state says why the endpoint gets nothing, the strongest reason first", () => {
  const resting = { failureStreak: REST_AFTER_FAILURES, restUntil: NOW + 1 };
  assert.equal(of({}), "healthy");
  assert.equal(of({ failureStreak: 1 }), "failing");
  assert.equal(of(resting), "resting");
  assert.equal(of({ ...resting, restUntil: NOW }), "probing");
  assert.equal(of({}, { waitUntil: NOW + 1 }), "throttled");
  assert.equal(of({}, { waitUntil: NOW }), "healthy");
  assert.equal(of({ failureStreak: 1 }, { waitUntil: NOW + 1 }), "throttled");
  assert.equal(of({ failureStreak: 1 }, { waitUntil: NOW + 1, ordered: true }), "failing");
  assert.equal(of(resting, { status: "PAUSED" }), "paused");
  assert.equal(of(resting, { status: "DISABLED" }), "disabled");
});

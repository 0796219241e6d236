import assert from "node:assert/strict";
import { test } from "node:test";
import { HEALTHY } from "../delivery/health.ts";
import { REST_AFTER_FAILURES } from "../limits.ts";
import { endpointState } from "./endpoint-state.ts";

const NOW = 1_000_000;
const QUIET = { status: "ACTIVE", pausedAt: null, ordered: false, waitUntil: null } as const;
const of = (health: object, rest: object = {}) =>
  endpointState({ ...QUIET, health: { ...HEALTHY, ...health }, ...rest }, NOW);

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
  assert.equal(of(resting, { status: "PAUSED", pausedAt: NOW }), "paused");
  assert.equal(of(resting, { status: "PAUSED" }), "no_listener");
  assert.equal(of(resting, { status: "DISABLED" }), "disabled");
});

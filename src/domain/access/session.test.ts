import assert from "node:assert/strict";
import { test } from "node:test";
import { isLive, sessionEnd } from "./session.ts";

const START = 1_800_000_000_000;
const HOUR = 3_600_000;

test("a session in use expires after exactly seven days", () => {
  const expiresAt = sessionEnd(START);
  assert.equal(expiresAt, START + 7 * 24 * HOUR);
  assert.equal(isLive({ seenAt: expiresAt - 1, expiresAt }, expiresAt - 1), true);
  assert.equal(isLive({ seenAt: expiresAt - 1, expiresAt }, expiresAt), false);
});

test("an unused session expires after twelve hours", () => {
  const times = { seenAt: START, expiresAt: sessionEnd(START) };
  assert.equal(isLive(times, START + 12 * HOUR - 1), true);
  assert.equal(isLive(times, START + 12 * HOUR), false);
});

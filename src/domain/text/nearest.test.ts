import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest } from "./nearest.ts";

const KNOWN = ["name", "url", "timeout_seconds", "retry_schedule_seconds"];

test("a typing mistake finds the intended name", () => {
  assert.equal(nearest("timout_seconds", KNOWN), "timeout_seconds");
  assert.equal(nearest("URL", KNOWN), "url");
  assert.equal(nearest("nmae", KNOWN), "name");
});

test("a name that resembles no known name has no nearest one", () => {
  assert.equal(nearest("colour", KNOWN), null);
  assert.equal(nearest("", KNOWN), null);
  assert.equal(nearest("x".repeat(10_000), KNOWN), null);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest } from "./nearest.ts";

const KNOWN = ["name", "url", "timeout_seconds", "retry_schedule_seconds"];

test("a slip of the finger finds the name that was meant", () => {
  assert.equal(nearest("timout_seconds", KNOWN), "timeout_seconds");
  assert.equal(nearest("URL", KNOWN), "url");
  assert.equal(nearest("nmae", KNOWN), "name");
});

test("a name like no other has no nearest", () => {
  assert.equal(nearest("colour", KNOWN), null);
  assert.equal(nearest("", KNOWN), null);
  assert.equal(nearest("x".repeat(10_000), KNOWN), null);
});

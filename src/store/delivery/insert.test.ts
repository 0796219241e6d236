import assert from "node:assert/strict";
import { test } from "node:test";
import { HOUR, openStore, START } from "../../../test/fixtures/sqlite-writing.ts";
import { creationTime } from "./insert.ts";

test("creation times never go back, unless a shared database's clock was far ahead", () => {
  const { w } = openStore();
  w.sequences.createdAt = START + 2 * HOUR;
  assert.equal(creationTime(w, START), START + 2 * HOUR);
  const shared = { ...w, isShared: true, clockMs: () => START + 500 };
  assert.equal(creationTime(shared, START), START, "the stored times are wrong");
  assert.equal(creationTime(shared, START + 700), START + 700);
  assert.equal(creationTime(shared, START - 200), START + 700, "the request waited for its commit");
});

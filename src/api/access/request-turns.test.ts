import assert from "node:assert/strict";
import { test } from "node:test";
import { REQUEST_TURN_BODY_BYTES, REQUESTS_PER_TURN_COUNT_MAX } from "../../domain/limits.ts";
import { nextTurn } from "../../engine/scheduling/turns.ts";
import { RequestTurns } from "./request-turns.ts";

function stage() {
  const turns = new RequestTurns();
  const begun: string[] = [];
  const send = (tenantSeq: number, name: string, bodyBytes = 0) => {
    turns.take(tenantSeq, bodyBytes, () => begun.push(name));
  };
  return { begun, send };
}

test("a few requests begin at once, in each turn again", async () => {
  const { begun, send } = stage();
  for (let turn = 1; turn <= 3; turn += 1) {
    for (let count = 0; count < REQUESTS_PER_TURN_COUNT_MAX; count += 1) send(1, "a");
    assert.equal(begun.length, turn * REQUESTS_PER_TURN_COUNT_MAX);
    await nextTurn();
  }
});

test("a burst is spread over turns, and another tenant's request begins in the next one", async () => {
  const { begun, send } = stage();
  for (let count = 0; count < 5 * REQUESTS_PER_TURN_COUNT_MAX; count += 1) send(1, "noisy");
  send(2, "quiet");
  assert.equal(begun.length, REQUESTS_PER_TURN_COUNT_MAX);
  await nextTurn();
  assert.equal(begun.indexOf("quiet"), REQUESTS_PER_TURN_COUNT_MAX + 1);
  assert.equal(begun.length, 2 * REQUESTS_PER_TURN_COUNT_MAX);
  for (let turns = 0; turns < 4; turns += 1) await nextTurn();
  assert.equal(begun.length, 5 * REQUESTS_PER_TURN_COUNT_MAX + 1);
});

test("a large body counts as several requests, and a body larger than a turn begins alone", async () => {
  const { begun, send } = stage();
  const half = (REQUESTS_PER_TURN_COUNT_MAX / 2) * REQUEST_TURN_BODY_BYTES;
  for (const name of ["half", "half", "whole", "small"])
    send(1, name, name === "small" ? 0 : name === "half" ? half : 9 * half);
  assert.deepEqual(begun, ["half"]);
  await nextTurn();
  assert.deepEqual(begun, ["half", "half"]);
  await nextTurn();
  assert.deepEqual(begun, ["half", "half", "whole"]);
  await nextTurn();
  assert.deepEqual(begun, ["half", "half", "whole", "small"]);
});

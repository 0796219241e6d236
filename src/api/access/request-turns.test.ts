import assert from "node:assert/strict";
import { test } from "node:test";
import { REQUESTS_PER_TURN_COUNT_MAX } from "../../domain/limits.ts";
import { nextTurn } from "../../engine/scheduling/turns.ts";
import { RequestTurns } from "./request-turns.ts";

function stage() {
  const turns = new RequestTurns();
  const begun: string[] = [];
  const send = (tenantSeq: number, name: string) => turns.take(tenantSeq, () => begun.push(name));
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

import assert from "node:assert/strict";
import { test } from "node:test";
import { START } from "../../../test/fixtures/sqlite-rows.ts";
import { openStore } from "../../../test/fixtures/sqlite-writing.ts";
import { TERMINAL_CODE_MS, TERMINALS_OPEN_COUNT_MAX } from "../../domain/limits.ts";
import { openTerminal } from "./terminals.ts";

test("no more terminals wait than strangers may store, from however many networks they ask", () => {
  const { w, run } = openStore();
  const open = (number: number, now = START) => {
    const [hash, address] = [number.toString(16).padStart(64, "0"), String(number)];
    const client = { name: "ada@laptop", role: "developer", address, network: address } as const;
    const terminal = { ...client, hash, userCode: String(number), expiresAt: now + TERMINAL_CODE_MS };
    return run(() => openTerminal(w, { terminal, now }));
  };
  for (let number = 0; number < TERMINALS_OPEN_COUNT_MAX; number += 1) {
    assert.deepEqual(open(number), { kind: "opened" });
  }
  assert.deepEqual(open(5000, START + 1), { kind: "tooMany", until: START + TERMINAL_CODE_MS });
  assert.deepEqual(open(5000, START + TERMINAL_CODE_MS), { kind: "opened" });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Uuid } from "../ids.ts";
import { ACT_APPROVAL_MS } from "../limits.ts";
import { type Act, APPROVE, actOf, actText, isApproved, REFUSE } from "./act.ts";
import type { Ending } from "./pause.ts";

const ID = "0190e0c4-2222-7000-8000-000000000003" as Uuid;
const PERSON = { id: ID, email: "ada@example.com" };
const ACT = { kind: "pause_endpoint", begun: null, outcome: null } as const;

test("an act is what its text says", () => {
  const acts: readonly Act[] = [
    { kind: "pause_endpoint", endpointId: ID },
    { kind: "resume_endpoint", endpointId: ID },
    { kind: "recover", endpointId: ID, since: 1_769_860_800_123 },
    { kind: "replay_events", deliveryIds: [ID] },
  ];
  for (const act of acts) assert.deepEqual(actOf(actText(act)), act);
  assert.equal(
    actText({ kind: "recover", endpointId: ID, since: 1_769_860_800_123 }),
    `{"act":"recover","endpoint_id":"ep_${ID}","since":"2026-01-31T12:00:00.123Z"}`,
  );
});

test("only a named person approves, for a limited time, and silence does not", () => {
  const approved: Ending = { status: "responded", choice: APPROVE, text: null, at: 1000, by: PERSON };
  const { by: _, ...byLink } = approved;
  for (const [ending, now, expected] of [
    [approved, 1000, true],
    [approved, 1000 + ACT_APPROVAL_MS - 1, true],
    [approved, 1000 + ACT_APPROVAL_MS, false],
    [byLink, 1000, false],
    [{ ...approved, choice: REFUSE }, 1000, false],
    [{ status: "timed_out", choice: APPROVE, at: 1000 }, 1000, false],
    [{ status: "cancelled", at: 1000 }, 1000, false],
    [null, 1000, false],
  ] as const) {
    assert.equal(isApproved({ act: ACT, ending }, now), expected, JSON.stringify(ending));
  }
  assert.equal(isApproved({ act: null, ending: approved }, 1000), false);
});

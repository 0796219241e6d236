/** What `pause get` shows of a question that several people decide. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pause } from "../../sdk/src/index.ts";
import { VIEW } from "../src/commands/pause/view.ts";
import { plain } from "../src/output/color.ts";
import { record } from "../src/output/table.ts";

const [ANN, BOB] = [
  { id: "usr_1", email: "ann@example.com" },
  { id: "usr_2", email: "bob@example.com" },
];
const PAUSE: Pause = {
  pause_id: "psr_1",
  status: "pending",
  agent: { id: "key_1", name: "deploy-bot" },
  act: null,
  message: "Deploy?",
  options: ["Deploy", "Stop"],
  details: [{ label: "Commit\u001b[31m", value: "4f2a" }],
  allow_text_response: true,
  timeout_default: null,
  protected: true,
  approvers: [ANN.id, BOB.id],
  approver_emails: [ANN.email, BOB.email],
  quorum: 2,
  veto: "Stop",
  votes: [
    { user: ANN, choice: "Deploy", text: null, at: "2026-05-08T14:00:00Z" },
    { user: BOB, choice: "Stop", text: "not on a Friday", at: "2026-05-08T14:01:00Z" },
  ],
  quorum_reachable: false,
  reminders: [0.5, 0.9],
  escalate_to: { share: 0.75, approvers: ["usr_3"], approver_emails: ["cyd@example.com"] },
  escalated_at: null,
  response_choice: null,
  response_text: null,
  response_at: null,
  decided_by: null,
  decided_by_user: null,
  event_id: null,
  channel: "email",
  recipient: null,
  notification: { status: "sent", reason: null },
  metadata: null,
  receipt: null,
  respond_url: null,
  expires_at: "2026-05-09T13:00:00Z",
  created_at: "2026-05-08T13:00:00Z",
};
const linesOf = (pause: Pause) =>
  record(VIEW.fields(pause), { width: 80, paint: plain }).map((line) => line.split(/ {2,}/));

test("the votes, the veto, the reminders and the details of a question are shown, each fact on a line", () => {
  const lines = linesOf(PAUSE);
  for (const expected of [
    ["details", "Commit\\u001b[31m: 4f2a"],
    ["asked by the agent", "deploy-bot"],
    ["reminders", "after 0.5, 0.9 of the time"],
    ["takes the password", "yes"],
    ["approvers", "ann@example.com, bob@example.com"],
    ["may decide later", "cyd@example.com, after 0.75 of the time"],
    ["votes needed", "2, which no option can get any more"],
    ["veto", "Stop"],
    ["votes", "ann@example.com: Deploy, 2026-05-08T14:00:00Z"],
    ["", "bob@example.com: Stop, 2026-05-08T14:01:00Z, with the note: not on a Friday"],
    ["receipt", "-"],
  ]) {
    assert.deepEqual(
      lines.find(([name, value]) => name === expected[0] && value === expected[1]),
      expected,
    );
  }
});

test("who may decide too is shown since when, and a quorum in reach as its number", () => {
  const lines = linesOf({ ...PAUSE, escalated_at: "2026-05-09T07:00:00Z", quorum_reachable: true, votes: [] });
  const shownAs = (field: string) => lines.find(([name]) => name === field)?.[1];
  assert.deepEqual(["may decide later", "votes needed", "votes"].map(shownAs), [
    "cyd@example.com, since 2026-05-09T07:00:00Z",
    "2",
    "-",
  ]);
});

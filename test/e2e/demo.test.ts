import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { startCommand } from "../harness/command.ts";

test("the demo delivers, retries, holds, resumes and lets a person decide, then exits and leaves no files", {
  timeout: 600_000,
}, async (t) => {
  const demo = startCommand(t, [process.execPath, "examples/demo.ts"]);
  const lines = await demo.until(/stopped +the server/);
  assert.equal(await demo.ended, 0);
  const text = lines.join("\n");
  const story = [
    /started +a server on http:/,
    /registered http:\S+ as ep_/,
    /received order\.created 1 with a valid signature/,
    /received order\.paid 1, and answered 503/,
    /the delivery is SCHEDULED/,
    /received order\.paid 1 again, under the same webhook-id/,
    /the delivery is DELIVERED; attempts in its history: 1: HTTP 503, 2: HTTP 204/,
    /3 deliveries are HELD/,
    /resumed/,
    /received order\.created 4\n.*received order\.created 5\n.*received order\.created 6/,
    /asked +"Pay 340 EUR to Acme Corp\?" as psr_/,
    /the link for a person: http:\/\/localhost:\d+\/respond\/[\w-]{72}\n/,
    /opens the link and sees the buttons Approve and Reject; opening decides nothing/,
    /presses Approve, and the page says: The answer is “Approve”/,
    /the pause is responded, and the choice is Approve/,
    /received pause\.responded \{"choice":"Approve","text":null,"response_at":"[^"]+","metadata":\{"invoice":7\}\}/,
    /both of its signatures are valid/,
    /presses Reject, too late \(HTTP 410\), and the page still says: The answer is “Approve”/,
    /8 of 8 deliveries delivered/,
  ];
  let at = 0;
  for (const step of story) {
    const found = text.slice(at).search(step);
    assert.notEqual(found, -1, `${step} is missing or out of order in:\n${text}`);
    at += found;
  }
  const dataDir = /its data in (\S+)/.exec(text)?.[1] ?? "";
  assert.notEqual(dataDir, "");
  assert.equal(existsSync(dataDir), false);
});

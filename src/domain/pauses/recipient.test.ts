import assert from "node:assert/strict";
import { test } from "node:test";
import type { Channel } from "./pause.ts";
import { recipientFault } from "./recipient.ts";

function check(channel: Channel, { good, bad }: { readonly good: readonly string[]; readonly bad: readonly string[] }) {
  for (const address of good) assert.equal(recipientFault(channel, address), null, address);
  for (const address of bad) assert.match(recipientFault(channel, address) ?? "", /^must be /, JSON.stringify(address));
}

test("an email address is a single plain mailbox", () => {
  check("email", {
    good: [
      "ana@example.com",
      "a.b+c@mail.example.co.uk",
      "root@localhost",
      "o'brien@example.com",
      "jürgen@bücher.example",
    ],
    bad: [
      "",
      "ana",
      "@example.com",
      "ana@",
      "ana@exa mple.com",
      "ana@@example.com",
      "ana@b@example.com",
      "ana..b@example.com",
      ".ana@example.com",
      "ana@-example.com",
      "ana@example..com",
      "ana@example.com.",
      "Ana <ana@example.com>",
      "ana@example.com, bob@example.com",
      "ana@example.com\r\nBcc: bob@example.com",
      "ana\u0000@example.com",
      '"ana bob"@example.com',
      "ana@[127.0.0.1]",
      `${"a".repeat(65)}@example.com`,
      `ana@${"a.".repeat(130)}com`,
    ],
  });
});

test("a phone number is E.164: a plus sign and 7 to 15 digits", () => {
  check("sms", {
    good: ["+15551234567", "+491701234567", "+123456789012345"],
    bad: [
      "",
      "15551234567",
      "+05551234567",
      "+1 555 123 4567",
      "+1-555-123-4567",
      "+123456",
      "+1234567890123456",
      "+1555123456a",
    ],
  });
});

test("a Slack webhook is a web URL of bounded length; its host is checked elsewhere", () => {
  check("slack", {
    good: ["https://hooks.slack.com/services/T0/B0/xyz", "http://127.0.0.1:8080/hook"],
    bad: [
      "",
      "#general",
      "hooks.slack.com/services/T0",
      "ftp://hooks.slack.com/x",
      "https://",
      "https:///hooks.slack.com/x",
      "https:/hooks.slack.com/x",
      "https://me@hooks.slack.com/x",
      "https://hooks.slack.com/a b",
      "https://hooks.slack.com\\x",
      "https://hooks.slack.com/\nx",
      `https://hooks.slack.com/${"x".repeat(2048)}`,
    ],
  });
});

test("a fault contains no part of the address, which may be a secret", () => {
  assert.ok(!recipientFault("slack", "https://hooks.slack.com/services/T0/B0/hush hush")?.includes("hush"));
});

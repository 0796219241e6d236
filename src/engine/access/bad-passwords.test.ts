import assert from "node:assert/strict";
import { test } from "node:test";
import { BadPasswords } from "./bad-passwords.ts";

const MINUTE = 60_000;
const ANN = "ann@example.com";

function open() {
  let now = 1000;
  const badPasswords = new BadPasswords(() => now);
  return {
    advance(ms: number) {
      now += ms;
    },
    fail(count: number, email: string | ((index: number) => string), address: string | ((index: number) => string)) {
      for (let index = 0; index < count; index += 1) {
        badPasswords.record({
          email: typeof email === "string" ? email : email(index),
          address: typeof address === "string" ? address : address(index),
        });
      }
    },
    waitMs: (email: string, address: string) => badPasswords.waitMs({ email, address }),
  };
}

test("five bad passwords for one account from one address block only that account from that address", () => {
  const { fail, waitMs, advance } = open();
  fail(4, ANN, "192.0.2.1");
  assert.equal(waitMs(ANN, "192.0.2.1"), 0);
  advance(MINUTE);
  fail(1, "Ann@Example.com", "::ffff:192.0.2.1");
  assert.equal(waitMs(ANN, "192.0.2.1"), 14 * MINUTE);
  assert.equal(waitMs(ANN, "192.0.2.2"), 0);
  assert.equal(waitMs("bob@example.com", "192.0.2.1"), 0);
});

test("each bad password counts for 15 minutes", () => {
  const { fail, waitMs, advance } = open();
  fail(4, ANN, "192.0.2.1");
  advance(MINUTE);
  fail(1, ANN, "192.0.2.1");
  advance(14 * MINUTE);
  assert.equal(waitMs(ANN, "192.0.2.1"), 0, "the first four have expired");
  fail(3, ANN, "192.0.2.1");
  assert.equal(waitMs(ANN, "192.0.2.1"), 0);
  fail(1, ANN, "192.0.2.1");
  assert.equal(waitMs(ANN, "192.0.2.1"), MINUTE, "the fifth expires in a minute");
});

test("fifty bad passwords for one account block it from every address", () => {
  const { fail, waitMs } = open();
  fail(49, ANN, (index) => `192.0.2.${index}`);
  assert.equal(waitMs(ANN, "192.0.2.200"), 0);
  fail(1, ANN, "192.0.2.100");
  assert.equal(waitMs(ANN, "192.0.2.200"), 15 * MINUTE);
  assert.equal(waitMs("bob@example.com", "192.0.2.200"), 0);
});

test("twenty bad passwords from one address block it for every account", () => {
  const { fail, waitMs } = open();
  fail(19, (index) => `${index}@example.com`, "192.0.2.1");
  assert.equal(waitMs(ANN, "192.0.2.1"), 0);
  fail(1, "x@example.com", "192.0.2.1");
  assert.equal(waitMs(ANN, "192.0.2.1"), 15 * MINUTE);
  assert.equal(waitMs(ANN, "192.0.2.2"), 0);
});

test("an IPv6 /64 network counts as one address", () => {
  const { fail, waitMs } = open();
  fail(
    20,
    (index) => `${index}@example.com`,
    (index) => `2001:db8:1:2::${index}`,
  );
  assert.equal(waitMs(ANN, "2001:db8:1:2:a::b"), 15 * MINUTE);
  assert.equal(waitMs(ANN, "2001:db8:1:3::1"), 0);
});

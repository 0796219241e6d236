import assert from "node:assert/strict";
import { test } from "node:test";
import { createBadPasswords } from "./bad-passwords.ts";

const MINUTE = 60_000;
const ANN = "ann@example.com";

function scene() {
  let now = 1000;
  const bad = createBadPasswords(() => now);
  return {
    later(ms: number) {
      now += ms;
    },
    fail(count: number, email: string | ((index: number) => string), address: string | ((index: number) => string)) {
      for (let index = 0; index < count; index += 1) {
        const [who, from] = [email, address].map((part) => (typeof part === "string" ? part : part(index)));
        bad.note({ email: who ?? "", address: from ?? "" });
      }
    },
    waitMs: (email: string, address: string) => bad.waitMs({ email, address }),
  };
}

test("five for one account from one address, and no other is concerned", () => {
  const { fail, waitMs, later } = scene();
  fail(4, ANN, "192.0.2.1");
  assert.equal(waitMs(ANN, "192.0.2.1"), 0);
  later(MINUTE);
  fail(1, "Ann@Example.com", "::ffff:192.0.2.1");
  assert.equal(waitMs(ANN, "192.0.2.1"), 14 * MINUTE);
  assert.equal(waitMs(ANN, "192.0.2.2"), 0);
  assert.equal(waitMs("bob@example.com", "192.0.2.1"), 0);
  later(14 * MINUTE);
  assert.equal(waitMs(ANN, "192.0.2.1"), 0);
  fail(3, ANN, "192.0.2.1");
  assert.equal(waitMs(ANN, "192.0.2.1"), 0);
  fail(1, ANN, "192.0.2.1");
  assert.equal(waitMs(ANN, "192.0.2.1"), MINUTE, "until the one of a minute later is forgotten");
});

test("fifty for one account, from wherever", () => {
  const { fail, waitMs } = scene();
  fail(49, ANN, (index) => `192.0.2.${index}`);
  assert.equal(waitMs(ANN, "192.0.2.200"), 0);
  fail(1, ANN, "192.0.2.100");
  assert.equal(waitMs(ANN, "192.0.2.200"), 15 * MINUTE);
  assert.equal(waitMs("bob@example.com", "192.0.2.200"), 0);
});

test("twenty from one address, for whatever account", () => {
  const { fail, waitMs } = scene();
  fail(19, (index) => `${index}@example.com`, "192.0.2.1");
  assert.equal(waitMs(ANN, "192.0.2.1"), 0);
  fail(1, "x@example.com", "192.0.2.1");
  assert.equal(waitMs(ANN, "192.0.2.1"), 15 * MINUTE);
  assert.equal(waitMs(ANN, "192.0.2.2"), 0);
});

test("an IPv6 network of 64 bits is one address", () => {
  const { fail, waitMs } = scene();
  fail(
    20,
    (index) => `${index}@example.com`,
    (index) => `2001:db8:1:2::${index}`,
  );
  assert.equal(waitMs(ANN, "2001:db8:1:2:a::b"), 15 * MINUTE);
  assert.equal(waitMs(ANN, "2001:db8:1:3::1"), 0);
});

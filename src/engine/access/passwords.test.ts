import assert from "node:assert/strict";
import { test } from "node:test";
import { hashPassword, verifyPassword } from "./passwords.ts";

test("a password is known again, and no other is", async () => {
  const stored = await hashPassword("correct horse");
  assert.match(stored, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.equal(await verifyPassword("correct horse", stored), true);
  for (const wrong of ["", "correct hors", "correct horse ", "Correct horse"]) {
    assert.equal(await verifyPassword(wrong, stored), false, wrong);
  }
  assert.notEqual(await hashPassword("correct horse"), stored);
});

test("a hash of another cost is verified at its own", async () => {
  // The vector of RFC 9106 §5.3 has a secret and associated data; this one was made with `argon2` of the reference code.
  const stored = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
  assert.equal(await verifyPassword("password", stored), true);
  assert.equal(await verifyPassword("passwore", stored), false);
});

test("nobody's password is never right", async () => {
  assert.equal(await verifyPassword("", null), false);
});

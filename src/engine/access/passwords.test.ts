import assert from "node:assert/strict";
import { test } from "node:test";
import { hashPassword, verifyPassword } from "./passwords.ts";

test("only the hashed password is accepted, and equal passwords get different hashes", async () => {
  const stored = await hashPassword("correct horse");
  assert.match(stored, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.equal(await verifyPassword("correct horse", stored), true);
  for (const wrong of ["", "correct hors", "correct horse ", "Correct horse"]) {
    assert.equal(await verifyPassword(wrong, stored), false, wrong);
  }
  assert.notEqual(await hashPassword("correct horse"), stored);
});

test("a hash is verified with the cost that it was made with", async () => {
  // The vector in RFC 9106 §5.3 uses a secret and associated data, so this one comes from the reference code's `argon2`.
  const stored = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
  assert.equal(await verifyPassword("password", stored), true);
  assert.equal(await verifyPassword("passwore", stored), false);
});

test("no password is accepted for an account that does not exist", async () => {
  assert.equal(await verifyPassword("", null), false);
});

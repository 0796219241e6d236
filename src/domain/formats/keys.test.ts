import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isMistypedSecret, standardKey } from "./keys.ts";

const KEY = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const base64 = (bytes: number) => Buffer.alloc(bytes, 0xfb).toString("base64");

test("a valid whsec_ secret is not mistyped", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 24, maxLength: 64 }), (bytes) => {
      const secret = `whsec_${Buffer.from(bytes).toString("base64")}`;
      assert.equal(standardKey(secret).encoding, "base64");
      assert.equal(isMistypedSecret(secret), false, secret);
    }),
  );
});

test("a damaged whsec_ secret is mistyped", () => {
  const mistyped = [
    `WHSEC_${KEY}`,
    `whsec-${KEY}`,
    `whsec:${KEY}`,
    `whsec_${KEY}x`,
    `whsec_whsec_${KEY}`,
    `"whsec_${KEY}"`,
    ` whsec_${KEY}`,
    `whsec_${KEY} `,
    // The URL-safe alphabet, no padding, a stray bit in the last digit, too few and too many bytes.
    `whsec_${base64(32).replaceAll("+", "-").replaceAll("/", "_")}`,
    `whsec_${base64(32).replace("=", "")}`,
    `whsec_${base64(32).replace(/.=$/, "t=")}`,
    `whsec_${base64(16)}`,
    `whsec_${base64(65)}`,
    // A letter too many, too few or wrong, no separator, one character that is not base64.
    `whsek_${KEY}`,
    `wsec_${KEY}`,
    `whssec_${KEY}`,
    `whsec${KEY}`,
    `whsec_${KEY.slice(0, 20)}%${KEY.slice(20)}`,
  ];
  for (const secret of mistyped) assert.equal(isMistypedSecret(secret), true, secret);
});

test("other secrets and the placeholders in manuals are not mistyped", () => {
  const others = [
    "whsec_your_signing_secret",
    "whsec_abc123def456xyz789",
    "whsec_0123456789abcdef",
    "correct horse battery staple",
    KEY,
    base64(32),
    "my_whsec_secret_of_some_length_beyond_32",
    "whsecret".repeat(8),
  ];
  for (const secret of others) assert.equal(isMistypedSecret(secret), false, secret);
});

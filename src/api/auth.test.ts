import assert from "node:assert/strict";
import { test } from "node:test";
import { bearerKey } from "./auth.ts";

const KEY = `sb_live_${"0123456789abcdef".repeat(3)}`;

test("a bearer key is read whatever the scheme's case", () => {
  for (const scheme of ["Bearer", "bearer", "BEARER"]) assert.equal(bearerKey(`${scheme} ${KEY}`), KEY);
  assert.equal(bearerKey(`Bearer  ${KEY} `), KEY);
});

test("what has not a key's form is none", () => {
  const headers = [
    undefined,
    "",
    "Bearer",
    "Bearer ",
    KEY,
    `Basic ${KEY}`,
    `Bearer ${KEY}0`,
    `Bearer ${KEY.toUpperCase()}`,
  ];
  for (const header of headers) assert.equal(bearerKey(header), null, String(header));
});

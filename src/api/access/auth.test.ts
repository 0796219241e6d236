import assert from "node:assert/strict";
import { test } from "node:test";
import { bearerKey, credentialMistake } from "./auth.ts";

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

test("credentials that were sent wrongly are told apart", () => {
  const slips: readonly (readonly [Record<string, string>, string | null])[] = [
    [{}, null],
    [{ authorization: `Bearer ${KEY}` }, null],
    [{ authorization: KEY }, "noScheme"],
    [{ authorization: `"${KEY}"` }, "noScheme"],
    [{ authorization: `Basic ${KEY}` }, "otherScheme"],
    [{ authorization: `Token ${KEY}` }, "otherScheme"],
    [{ authorization: "Bearer" }, "otherScheme"],
    [{ authorization: `Bearer ${KEY.slice(0, -1)}` }, "malformedKey"],
    [{ authorization: `Bearer "${KEY}"` }, "malformedKey"],
    [{ "x-api-key": KEY }, "otherHeader"],
  ];
  for (const [headers, slip] of slips) assert.equal(credentialMistake(headers), slip, JSON.stringify(headers));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { bearerKey, credentialMistake } from "./auth.ts";

const KEY = `sb_live_${"0123456789abcdef".repeat(3)}`;

test("the Bearer scheme is case-insensitive", () => {
  for (const scheme of ["Bearer", "bearer", "BEARER"]) assert.equal(bearerKey(`${scheme} ${KEY}`), KEY);
  assert.equal(bearerKey(`Bearer  ${KEY} `), KEY);
});

test("anything without the form of a key is not a key", () => {
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

test("each mistake in how credentials are sent is recognized", () => {
  const cases: readonly (readonly [Record<string, string>, string | null])[] = [
    [{}, null],
    [{ authorization: `Bearer ${KEY}` }, null],
    [{ authorization: KEY }, "noScheme"],
    [{ authorization: `"${KEY}"` }, "noScheme"],
    [{ authorization: `Basic ${KEY}` }, "otherScheme"],
    [{ authorization: `Token ${KEY}` }, "otherScheme"],
    [{ authorization: "Bearer" }, "noKey"],
    [{ authorization: "Bearer " }, "noKey"],
    [{ authorization: `Bearer ${KEY.slice(0, -1)}` }, "malformedKey"],
    [{ authorization: `Bearer "${KEY}"` }, "malformedKey"],
    [{ "x-api-key": KEY }, "otherHeader"],
  ];
  for (const [headers, mistake] of cases) assert.equal(credentialMistake(headers), mistake, JSON.stringify(headers));
});

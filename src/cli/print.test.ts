import assert from "node:assert/strict";
import { test } from "node:test";
import { printJson, printText } from "./print.ts";

const rows = [
  { id: "key_1", name: "ünï", test: true, ended_at: null },
  { id: "key_22", name: "ci", test: false, ended_at: "2024-01-01T00:00:00Z" },
];

test("a list is printed as a table with a header, and as an array in JSON", () => {
  assert.equal(
    printText({ kind: "list", rows }),
    ["ID      NAME  TEST  ENDED_AT", "key_1   ünï   yes   -", "key_22  ci    no    2024-01-01T00:00:00Z", ""].join(
      "\n",
    ),
  );
  assert.deepEqual(JSON.parse(printJson({ kind: "list", rows })), rows);
});

test("an empty list is reported as such, and is an empty array in JSON", () => {
  assert.equal(printText({ kind: "list", rows: [] }), "none found\n");
  assert.equal(printJson({ kind: "list", rows: [] }), "[]\n");
});

test("a record is printed as one line per field, and as an object in JSON", () => {
  const fields = { id: "key_1", api_key: "sb_live_0" };
  assert.equal(
    printText({ kind: "one", fields, secret: "api_key" }),
    "id       key_1\napi_key  sb_live_0\n\nthe api_key is shown only once; store it now\n",
  );
  assert.deepEqual(JSON.parse(printJson({ kind: "one", fields, secret: "api_key" })), fields);
});

test("names cannot control the terminal", () => {
  const text = printText({ kind: "one", fields: { name: "a\u001b[2Jb\r\nc\u202Ed\u2028e" } });
  assert.equal(text, "name  a\uFFFD[2Jb\uFFFD\uFFFDc\uFFFDd\uFFFDe\n");
  const name = "\u009b2J\u202e\u2066\u{e0041}\u2028\u007f é😀";
  const json = printJson({ kind: "list", rows: [{ name }] });
  assert.match(json, /"name": "\\u009b2J\\u202e\\u2066\\udb40\\udc41\\u2028\\u007f é😀"/);
  assert.deepEqual(JSON.parse(json), [{ name }]);
});

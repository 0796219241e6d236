import assert from "node:assert/strict";
import { test } from "node:test";
import { redactHeaderValues } from "./redact.ts";

test("the values of an endpoint's headers are replaced wherever a response repeats them", () => {
  const headers = { authorization: "Bearer 0123456789", "x-region": "eu" };
  const text = '{"you_sent":"Bearer 0123456789","region":"eu","again":"Bearer 0123456789"}';
  assert.equal(redactHeaderValues(text, headers), '{"you_sent":"[redacted]","region":"eu","again":"[redacted]"}');
  assert.equal(redactHeaderValues("ok", {}), "ok");
});

test("a value is text, not a pattern", () => {
  assert.equal(redactHeaderValues("$& .*abcdef", { a: ".*abcdef" }), "$& [redacted]");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { joinedHeaders } from "./public-request.ts";

test("header names are in lower case, and repeated headers are joined in order, whatever their name", () => {
  const raw = ["Host", "a", "X-Signature", "1", "x-signature", "2", "Content-Type", "a/b", "content-type", "c/d"];
  assert.deepEqual(joinedHeaders([...raw, "Cookie", "a=1", "Cookie", "b=2"]), {
    host: "a",
    "x-signature": "1, 2",
    "content-type": "a/b, c/d",
    cookie: "a=1, b=2",
  });
});

test("a header can have any name, such as __proto__", () => {
  const headers = joinedHeaders(["__proto__", "x", "constructor", "y"]);
  assert.deepEqual(Object.entries(headers), [
    ["__proto__", "x"],
    ["constructor", "y"],
  ]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { rawBodyJson } from "./inbound-wire.ts";

const shown = (body: Uint8Array, bodyBytes = body.byteLength) =>
  rawBodyJson({ raw: { headers: {}, url: "", body }, bodyBytes });

test("a body is shown as text if it is UTF-8 and as base64 otherwise, and marked if it is truncated", () => {
  assert.deepEqual(shown(Buffer.from("é\u0000")), {
    encoding: "utf-8",
    content: "é\u0000",
    bytes: 3,
    truncated: false,
  });
  assert.deepEqual(shown(Buffer.from([0xff, 0])), { encoding: "base64", content: "/wA=", bytes: 2, truncated: false });
  assert.deepEqual(shown(Buffer.from("é").subarray(0, 1), 2), {
    encoding: "base64",
    content: "ww==",
    bytes: 2,
    truncated: true,
  });
  assert.deepEqual(shown(new Uint8Array(0)), { encoding: "utf-8", content: "", bytes: 0, truncated: false });
});

test("a body that is a view of a larger buffer is shown without the rest of the buffer", () => {
  assert.equal(shown(new Uint8Array(Buffer.from("abcde").buffer.slice(0)).subarray(0, 0)).content, "");
  assert.equal(shown(new TextEncoder().encode("abcde").subarray(1, 3)).content, "bc");
});

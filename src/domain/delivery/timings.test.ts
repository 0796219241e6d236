import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseTimings, timingsText } from "./timings.ts";

const part = fc.option(fc.nat(60_000));

const parts = fc.record({ dnsMs: part, connectMs: part, tlsMs: part, firstByteMs: part }, { noNullPrototype: true });

test("timings are stored as a short text and parse back", () => {
  fc.assert(fc.property(parts, (timings) => assert.deepEqual(parseTimings(timingsText(timings)), timings)));
  assert.equal(timingsText({ dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: 12 }), "12");
  assert.equal(timingsText({ dnsMs: 1, connectMs: 3, tlsMs: null, firstByteMs: 12 }), "12,1,3,");
  assert.equal(timingsText({ dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null }), "");
});

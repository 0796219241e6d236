import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Outcome } from "../../domain/delivery/delivery.ts";
import type { PreparedRequest } from "../request.ts";
import { addOutcome, addRequest, packRequests, readOutcomes, readRequests } from "./messages.ts";

const text = fc.string({ unit: "binary" });
const ms = fc.option(fc.nat());
const request = fc.record({ url: text, owner: text, headerLines: text, body: text, timeoutMs: fc.nat() });
const timings = fc.record({ dnsMs: ms, connectMs: ms, tlsMs: ms, firstByteMs: ms });
const outcome = fc.oneof(
  fc.record({
    kind: fc.constant("answered" as const),
    httpStatus: fc.integer({ min: 200, max: 999 }),
    retryAfter: fc.option(text),
    snippet: text,
    headers: text,
    timings,
  }),
  fc.record({
    kind: fc.constant("unreachable" as const),
    reason: fc.constant("reset" as const),
    detail: text,
    timings,
  }),
  fc.constant<Outcome>({ kind: "aborted" }),
);

test("requests arrive as they were, with the time that they waited", () => {
  fc.assert(
    fc.property(
      fc.array(request).map((all) => structuredClone(all)),
      fc.nat(),
      fc.integer({ min: -5, max: 5 }),
      (requests, handedOverMs, laterMs) => {
        const packed = packRequests(handedOverMs);
        const waitedMs = Math.max(0, laterMs);
        requests.forEach((each, id) => void addRequest(packed, id, { ...each, waitedMs: 0 }));
        const read: [number, PreparedRequest][] = [];
        readRequests(structuredClone(packed), handedOverMs + laterMs, (id, each) => read.push([id, each]));
        assert.deepEqual(
          read,
          requests.map((each, id) => [id, { ...each, waitedMs }]),
        );
      },
    ),
    { numRuns: 50 },
  );
});

test("outcomes arrive as they were", () => {
  fc.assert(
    fc.property(
      fc.array(outcome).map((all) => structuredClone(all)),
      (outcomes) => {
        const packed: unknown[] = [];
        outcomes.forEach((each, id) => void addOutcome(packed, id, each));
        const read: [number, Outcome][] = [];
        readOutcomes(structuredClone(packed), (id, each) => read.push([id, each]));
        assert.deepEqual(
          read,
          outcomes.map((each, id) => [id, each]),
        );
      },
    ),
    { numRuns: 50 },
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { PublishRequest, PublishResult, Settlement, SettleResult } from "../../ports/store.ts";
import {
  packPublishRequests,
  packPublishResults,
  packSettlements,
  packSettleResults,
  unpackPublishRequests,
  unpackPublishResults,
  unpackSettlements,
  unpackSettleResults,
} from "./packing.ts";

const int = fc.nat();
const text = fc.string();
const orNull = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null });

/** The shapes of the port. Ids are any texts here, since only the shapes matter. */
const request = fc.record({
  tenantSeq: int,
  event: fc.record(
    { id: text, tenantId: text, type: text, payload: text, acceptedAt: int, pauseId: orNull(text), trace: text },
    { requiredKeys: ["id", "tenantId", "type", "payload", "acceptedAt", "pauseId"] },
  ),
  endpointVersion: int,
  targets: fc.array(
    fc.record({ endpointSeq: int, deliveryId: text, format: text, ordered: fc.boolean(), token: orNull(int) }),
  ),
  named: fc.boolean(),
  namedDisabled: fc.array(int),
  idempotency: orNull(fc.record({ surface: text, keyHash: text, fingerprint: text })),
}) as unknown as fc.Arbitrary<PublishRequest>;

const broken = fc.record({ kind: fc.constant("broken"), message: text });

const publishResult = fc.oneof(
  fc.record({
    kind: fc.constant("published"),
    createdAt: fc.nat(),
    eventSeq: int,
    deliveries: fc.array(fc.record({ seq: int, leased: fc.boolean() })),
  }),
  fc.record({ kind: fc.constantFrom("conflict", "stale") }),
  fc.record({
    kind: fc.constant("repeated"),
    eventId: text,
    deliveries: fc.array(fc.record({ deliveryId: text, endpointId: text })),
  }),
  fc.record({ kind: fc.constant("backlogFull"), endpointId: text }),
  broken,
) as unknown as fc.Arbitrary<PublishResult>;

const settlement = fc.record({
  tenantSeq: int,
  deliverySeq: int,
  token: int,
  endpointSeq: int,
  generation: int,
  attempt: fc.record({
    id: text,
    number: int,
    startedAt: int,
    endedAt: int,
    httpStatus: orNull(int),
    snippet: orNull(text),
    errorDetail: orNull(text),
    responseHeaders: orNull(text),
    timings: orNull(text),
    url: text,
  }),
  transition: fc.record({
    outcome: text,
    classification: text,
    health: text,
    narrow: fc.boolean(),
    throttleUntil: orNull(int),
    disable: orNull(text),
    next: fc.oneof(
      fc.record({ state: fc.constant("SCHEDULED"), dueAt: int }),
      fc.record({ state: fc.constantFrom("DELIVERED", "FAILED", "EXPIRED"), reason: text }),
    ),
  }),
}) as unknown as fc.Arbitrary<Settlement>;

const settleResult = fc.oneof(
  fc.record({
    kind: fc.constantFrom("settled", "stale"),
    attemptSeq: int,
    state: text,
    lane: fc.record({ endpointSeq: int, readyAt: orNull(int) }),
    woken: fc.array(fc.record({ endpointSeq: int, readyAt: int })),
    disabled: fc.boolean(),
  }),
  broken,
) as unknown as fc.Arbitrary<SettleResult>;

function survives<T>(
  of: fc.Arbitrary<T>,
  pack: (all: T[]) => readonly unknown[],
  unpack: (packed: readonly unknown[]) => T[],
) {
  fc.assert(
    fc.property(fc.array(of), (all) => {
      // A structured clone, like between threads.
      const arrived = unpack(structuredClone(pack(all)));
      assert.deepEqual(
        arrived,
        structuredClone(all).map((one) => Object.assign({}, one)),
      );
    }),
  );
}

test("requests to the writer thread arrive unchanged", () => {
  survives(request, packPublishRequests, unpackPublishRequests);
  survives(settlement, packSettlements, unpackSettlements);
});

test("results of the writer thread arrive unchanged", () => {
  survives(publishResult, packPublishResults, unpackPublishResults);
  survives(settleResult, packSettleResults, unpackSettleResults);
});

/** Faults in the events about the operation of the server: who gets them, and which deliveries cause one. */
import type { Mutant } from "./mutant.ts";

const IN_STORE = {
  test: "test/conformance/store-sqlite.test.ts",
  only: "threads? operational events",
} as const;

export const operational: readonly Mutant[] = [
  {
    fault: "an endpoint without filters gets operational events",
    file: "src/domain/delivery/event.ts",
    find: "return isOperationalEventType(type) ? named : [EVERYTHING, ...named];",
    replace: "return [EVERYTHING, ...named];",
    ...IN_STORE,
  },
  {
    fault: "an operational event is published about a delivery of an operational event",
    file: "src/store/delivery/operational-events.ts",
    find: "delivery === undefined || isOperationalEventType(delivery.type)",
    replace: "delivery === undefined",
    ...IN_STORE,
  },
  {
    fault: "an operational event begins a loop anew",
    file: "src/store/delivery/operational-events.ts",
    find: "cameThrough(event, delivery.hops ?? 0)",
    replace: "event",
    ...IN_STORE,
  },
  {
    fault: "an operational event goes to as many endpoints as any other",
    file: "src/store/endpoints/endpoint-filters.ts",
    find: "isOperationalEventType(type) ? OPERATIONAL_TARGETS_MAX : EVENT_TARGETS_MAX",
    replace: "EVENT_TARGETS_MAX",
    ...IN_STORE,
  },
  {
    fault: "nobody is told about a delivery that expired",
    file: "src/store/delivery/settle.ts",
    find: 'applied.state === "FAILED" || applied.state === "EXPIRED"',
    replace: 'applied.state === "FAILED"',
    ...IN_STORE,
  },
  {
    fault: "a cancelled delivery counts as failed",
    file: "src/store/delivery/settle.ts",
    find: 'applied.ended && (applied.state === "FAILED" || applied.state === "EXPIRED")',
    replace: 'applied.ended && applied.state !== "DELIVERED"',
    ...IN_STORE,
  },
  {
    fault: "nobody is told about a delivery that a claim ended",
    file: "src/store/delivery/claim.ts",
    find: "return publishFailed(w, lane.tenantSeq, row.seq as number);",
    replace: "return [];",
    ...IN_STORE,
  },
  {
    fault: "nobody is told about a delivery that waited too long at a disabled endpoint",
    file: "src/store/endpoints/sweep-endpoints.ts",
    find: "budget.woken.push(...publishFailed(w, lane.tenantSeq, seq));",
    replace: "",
    ...IN_STORE,
  },
  {
    fault: "an upkeep step does not count the events that it publishes",
    file: "src/store/delivery/operational-events.ts",
    find: "return targets === 0 ? 0 : 1 + targets;",
    replace: "return 0 * targets;",
    ...IN_STORE,
  },
];

/** Faults in what nodes that share a store agree on. */
import type { Mutant } from "./mutant.ts";

/** What a fault breaks can need a rare coincidence: enough seeds that some have it. */
const cluster = { test: "test/sim/cluster.test.ts", env: { SIM_COUNT: "6" } } as const;
const meeting = (only: string) => ({
  test: "test/conformance/store-postgres.test.ts",
  only,
  env: { CONFORMANCE: "all" },
});

export const nodes: readonly Mutant[] = [
  {
    fault: "a node that others have taken for dead still writes",
    file: "src/store/upkeep/standing.ts",
    find: "if (alive().length === 0) throw new NodeGone();",
    replace: "alive();",
    ...meeting("settle ∥ take the node for dead"),
  },
  {
    fault: "what a dead node had leased stays leased",
    file: "src/store/upkeep/void-leases.ts",
    find: "for (const row of leased) voidLease(w, row, now);",
    replace: "",
    ...meeting("settle ∥ take the node for dead"),
  },
  {
    fault: "a silent node is not taken for dead",
    file: "src/store/upkeep/nodes.ts",
    find: "const judges = at - heardSince >= NODE_SILENT_MS;",
    replace: "const judges = at < heardSince;",
    ...meeting("settle ∥ take the node for dead"),
  },
  {
    fault: "every node leads",
    file: "src/store/upkeep/nodes.ts",
    find: "isLeader: alive?.leader === node",
    replace: "isLeader: true",
    ...cluster,
  },
  {
    fault: "each node has all attempts in flight that an endpoint allows",
    file: "src/domain/delivery/pace.ts",
    find: "Math.floor(maxInFlight / nodes)",
    replace: "maxInFlight",
    ...cluster,
  },
  {
    fault: "every node sends to an ordered endpoint",
    file: "src/domain/delivery/pace.ts",
    find: "return ordered || rateLimited",
    replace: "return rateLimited",
    ...meeting("publish to an ordered endpoint ∥ publish to it"),
  },
  {
    fault: "a node claims for a lane that another one owns",
    file: "src/store/delivery/lane-rows.ts",
    find: "return owner !== null && owner !== node;",
    replace: "return owner !== null && owner < 0;",
    ...cluster,
  },
  {
    fault: "a frozen node goes on sending what others have taken over",
    file: "src/engine/upkeep/membership.ts",
    find: "return !this.#canBeShared || this.#clock",
    replace: "return !this.#canBeShared || this.#canBeShared || this.#clock",
    test: "src/engine/upkeep/membership.test.ts",
  },
  {
    fault: "a settlement hides that another node changed the endpoint",
    file: "src/engine/delivery/lane.ts",
    find: "return this.#settingsRevision;",
    replace: "return this.#revision;",
    test: "src/engine/delivery/lane.test.ts",
  },
  {
    fault: "a node stores a part of the ledger that another one has stored meanwhile",
    file: "src/store/history/ledger/write.ts",
    find: "if (lastWrite(connection) !== after) return false;",
    replace: "",
    test: "src/store/history/ledger/ledger.test.ts",
  },
  {
    fault: "a node takes the last due delivery of a lane while it exceeds its share",
    file: "src/store/delivery/claim.ts",
    find: "if (leavesLast) rows.pop();",
    replace: "",
    test: "src/store/delivery/drain.test.ts",
  },
  {
    fault: "the owner of a lane ignores what the other nodes have leased",
    file: "src/engine/delivery/lane.ts",
    find: "this.#endpoint.maxInFlight - this.#drain.others;",
    replace: "this.#endpoint.maxInFlight;",
    test: "src/engine/delivery/lane-drain.test.ts",
  },
  {
    fault: "a node's time steps with the machine's clock",
    file: "src/clock/followed-time.ts",
    find: "offsetMs === null ? wallMs() : Math.floor(monotonicMs() + offsetMs)",
    replace: "wallMs()",
    test: "src/clock/followed-time.test.ts",
  },
];

/**
 * Several engines over one store, with a simulated clock, network and database. A seed determines everything that
 * happens. `sim.test.ts` says how to run one seed or many.
 */
import { testSeeds } from "./seeds.ts";

const SECOND_MS = 1000;
const NEW_SEEDS_COUNT = 1;

testSeeds({
  file: "test/sim/cluster.test.ts",
  what: "several nodes",
  sizeOf: (seed) => ({ nodes: 2 + (seed % 3), disruptionMs: 60 * SECOND_MS }),
  fixed: [],
  newCount: NEW_SEEDS_COUNT,
});

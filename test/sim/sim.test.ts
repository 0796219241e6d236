/**
 * Runs the real engine and the real SQL with a simulated clock, network and disk. A seed determines everything that
 * happens.
 *
 *   SIM_SEED=17 node --test test/sim/sim.test.ts     one seed
 *   SIM_SEED=17 SIM_LOG=1 node --test …              one seed, with its whole log
 *   SIM_COUNT=1000 node --test …                     more seeds, before a release
 *
 * `cluster.test.ts` does the same with several nodes.
 */
import { testSeeds } from "./seeds.ts";
import { ALONE } from "./simulate.ts";

/** A seed takes two seconds. */
const NEW_SEEDS_COUNT = 3;

testSeeds({
  file: "test/sim/sim.test.ts",
  what: "one node",
  sizeOf: () => ALONE,
  fixed: [],
  newCount: NEW_SEEDS_COUNT,
});

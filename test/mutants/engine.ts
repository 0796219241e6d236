/** Faults in the engine: lanes, and the rate of events. */
import type { Mutant } from "./mutant.ts";

export const engine: readonly Mutant[] = [
  {
    fault: "an ordered delivery starts next to one that is in flight",
    file: "src/engine/delivery/lane.ts",
    find: "if (delivery.ordered) this.#barrier = true;",
    replace: "",
    test: "src/engine/delivery/lane.test.ts",
  },
  {
    fault: "failures that are not stored yet free their places in the window",
    file: "src/engine/delivery/lane.ts",
    find: "this.#inFlight + this.#failing < this.#inFlightLimit()",
    replace: "this.#inFlight < this.#inFlightLimit()",
    test: "src/engine/delivery/lane.test.ts",
  },
  {
    fault: "an older state of the store replaces a newer one",
    file: "src/engine/delivery/lane.ts",
    find: "if (state.revision < this.#revision) return;",
    replace: "",
    test: "src/engine/delivery/lane.test.ts",
  },
  {
    fault: "a new ordered delivery overtakes those that are on their way back to the store",
    file: "src/engine/delivery/lane.ts",
    find: "ordered && (this.#readyAt !== null || this.#releasing > 0)",
    replace: "ordered && this.#readyAt !== null",
    test: "src/engine/delivery/lane.test.ts",
  },
  {
    fault: "an endpoint that answered 410 gets more until that is stored",
    file: "src/engine/delivery/lane.ts",
    find: "this.#held ||= transition.disable !== null;",
    replace: "",
    test: "src/engine/delivery/lane.test.ts",
  },
  {
    fault: "the rate limit is not kept",
    file: "src/engine/delivery/lane.ts",
    find: "&& this.#nextStartAt <= now;",
    replace: ";",
    test: "src/engine/delivery/lane.test.ts",
  },
  {
    fault: "a probed endpoint gets a whole window",
    file: "src/engine/delivery/lane.ts",
    find: "if (this.#probing) return 1;",
    replace: "",
    test: "src/engine/delivery/lane.test.ts",
  },
  {
    fault: "an ordered lane claims while it holds deliveries",
    file: "src/engine/delivery/lane.ts",
    find: "return this.#endpoint.ordered ? this.isIdle : this.#isWorthClaiming();",
    replace: "return this.#isWorthClaiming();",
    test: "src/engine/delivery/lane.test.ts",
  },
  {
    fault: "a tenant's rate of events is not limited",
    file: "src/engine/access/publish-rate.ts",
    find: "tokens < 1) {",
    replace: "tokens < -1e9) {",
    test: "src/engine/access/publish-rate.test.ts",
  },
];

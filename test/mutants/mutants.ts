/**
 * Small deliberate faults in the engine, the store and the sender. `npm run mutants` applies each in turn and expects
 * the named test to fail: a fault that no test notices is a rule that no test holds.
 */
import { domain } from "./domain.ts";
import { engine } from "./engine.ts";
import type { Mutant } from "./mutant.ts";
import { sender } from "./sender.ts";
import { store } from "./store.ts";

export const MUTANTS: readonly Mutant[] = [...domain, ...engine, ...store, ...sender];

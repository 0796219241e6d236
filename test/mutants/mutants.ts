/**
 * Small deliberate faults in the server. `npm run mutants` applies each in turn and expects the named test to fail: a fault
 * that no test notices is a rule that no test holds.
 */
import { domain } from "./domain.ts";
import { engine } from "./engine.ts";
import { inbound } from "./inbound.ts";
import type { Mutant } from "./mutant.ts";
import { nodes } from "./nodes.ts";
import { operational } from "./operational.ts";
import { scheduling } from "./scheduling.ts";
import { sender } from "./sender.ts";
import { slack } from "./slack.ts";
import { start } from "./start.ts";
import { store } from "./store.ts";

export const MUTANTS: readonly Mutant[] = [
  ...domain,
  ...engine,
  ...scheduling,
  ...inbound,
  ...operational,
  ...store,
  ...sender,
  ...slack,
  ...start,
  ...nodes,
];

/** The thread that has the ledger: the delivery history's pages and exports, apart from all other reading. */
import { parentPort, workerData } from "node:worker_threads";
import { openConnection } from "../connection.ts";
import { createKeeping, LEDGER_VERBS } from "../history/ledger/verbs.ts";
import type { ThreadData } from "./messages.ts";
import { yieldToOthers } from "./niceness.ts";
import { serveReads } from "./read-serving.ts";

/** What it reads again is in its own memory; single rows come from the system's. */
const PAGE_CACHE_KB = 2 * 1024;

const data = workerData as ThreadData;
// An export takes a thread's whole time for as long as it lasts; the deliveries come first.
yieldToOthers();
serveReads(parentPort, LEDGER_VERBS, () => createKeeping(openConnection(data.file, "read", PAGE_CACHE_KB)));

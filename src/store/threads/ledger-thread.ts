/** The thread that owns the ledger. It reads pages and exports of the delivery history, apart from all other reads. */
import { parentPort, workerData } from "node:worker_threads";
import { HISTORY_CACHE_BYTES_DEFAULT } from "../../domain/limits.ts";
import { createKeeping, LEDGER_VERBS } from "../history/ledger/verbs.ts";
import type { ThreadData } from "./messages.ts";
import { yieldToOthers } from "./niceness.ts";
import { openForReads } from "./open.ts";
import { serveReads } from "./read-serving.ts";

/** Small, because the thread keeps the ledger itself in memory, and the system caches single rows. */
const PAGE_CACHE_KB = 2 * 1024;

const data = workerData as ThreadData;
// An export uses the thread's whole time while it lasts. Deliveries have priority.
yieldToOthers();
serveReads(parentPort, LEDGER_VERBS, () => {
  return createKeeping(openForReads(data, PAGE_CACHE_KB), {
    bytesMax: data.historyCacheBytes ?? HISTORY_CACHE_BYTES_DEFAULT,
  });
});

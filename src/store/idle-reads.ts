/**
 * The reads of a start, and of a server that nobody uses. The writer thread runs them until something else starts the reader
 * thread, so a server at rest saves that thread's 12 MB.
 */
import { listTenants } from "./access/lookups.ts";
import { countBehind } from "./history/ledger/advance.ts";
import { readProgress } from "./history/ledger/ledger.ts";
import type { ReadConnection } from "./read-connection.ts";

export const IDLE_READS = {
  listTenants,
  /** Part of `keepLedger`. */
  countBehind: (connection: ReadConnection) => countBehind(connection, readProgress(connection)),
};

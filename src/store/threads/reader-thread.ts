/** The reader thread: lists, counts and look-ups. */
import { parentPort, workerData } from "node:worker_threads";
import { createReadConnection } from "../read-connection.ts";
import { createVault } from "../vault.ts";
import type { ThreadData } from "./messages.ts";
import { openForReads } from "./open.ts";
import { serveReads } from "./read-serving.ts";
import { READER_VERBS } from "./reader-verbs.ts";

const data = workerData as ThreadData;
serveReads(parentPort, READER_VERBS, () => createReadConnection(openForReads(data), createVault(data.masterKey)));

/**
 * The writer thread. Writes have their own thread because a commit waits for the disk, and a WAL checkpoint waits
 * longer. On the main thread, the p99 of a 202 went from 13 ms to 37-50 ms.
 */
import { parentPort, workerData } from "node:worker_threads";
import { createSystemClock } from "../../clock/system.ts";
import type { ThreadData } from "./messages.ts";
import { serveWrites } from "./write-serving.ts";

serveWrites(parentPort, workerData as ThreadData, createSystemClock());

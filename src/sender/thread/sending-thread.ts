/** The thread that sends requests, which leaves the main thread more time for everything else. */
import { parentPort, workerData } from "node:worker_threads";
import { createSystemClock } from "../../clock/system.ts";
import type { Outcome } from "../../domain/delivery/delivery.ts";
import { IDLE_CONNECTIONS_OF_THREAD_MAX } from "../../domain/limits.ts";
import { createSender } from "../sender.ts";
import { ABORT_ALL, addOutcome, type Packed, readRequests, type ThreadData } from "./messages.ts";

const port = parentPort;
if (port === null) throw new Error("this file runs as a thread of the server");
const { startedMs, unhandled, ...rules } = workerData as ThreadData;
const clock = createSystemClock();
const sender = createSender({ ...rules, clock, idleConnectionsMax: () => IDLE_CONNECTIONS_OF_THREAD_MAX });
/** The main thread's clock is this far behind. It went on while this thread started, so it is at most this late. */
const behindMs = clock.monotonicMs() - startedMs;
let outcomes: unknown[] = [];

port.on("message", (message: Packed | typeof ABORT_ALL) => {
  if (message === ABORT_ALL) {
    sender.abortAll();
    return;
  }
  readRequests(message, clock.monotonicMs() - behindMs, (id, request) => {
    sender.make(request, (outcome) => report(id, outcome));
  });
  Atomics.sub(unhandled, 0, 1);
});

/** Outcomes of one turn of the event loop travel together, so that the main thread wakes up once. */
function report(id: number, outcome: Outcome): void {
  if (outcomes.length === 0) setImmediate(postOutcomes);
  addOutcome(outcomes, id, outcome);
}

function postOutcomes(): void {
  port?.postMessage(outcomes);
  outcomes = [];
}

port.postMessage([]); // it is ready

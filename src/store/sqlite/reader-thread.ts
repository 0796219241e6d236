/** The reading thread: lists, counts and lookups, each in one short read transaction. */
import { parentPort, workerData } from "node:worker_threads";
import { createVault } from "../vault.ts";
import { openConnection } from "./connection.ts";
import { type CallMessage, CLOSE, type ReadyMessage, type ReplyMessage, type ThreadData } from "./messages.ts";
import { READER_VERBS, type ReaderVerb } from "./reader-verbs.ts";
import { createReading, type Reading } from "./reading.ts";

const port = parentPort;
if (port === null) throw new Error("this file runs as a thread of the store");
const data = workerData as ThreadData;
let opened: Reading | null = null;

/** At the first call: this thread starts beside the writing one, which makes and migrates the file meanwhile. */
function open(): Reading {
  opened ??= createReading(openConnection(data.file, "read"), createVault(data.masterKey));
  return opened;
}

/** Several statements see one state of the store; no statement stays open after it. */
function answer({ id, verb, args }: CallMessage): ReplyMessage {
  const carry = READER_VERBS[verb as ReaderVerb] as (r: Reading, ...args: readonly unknown[]) => unknown;
  const reading = open();
  reading.prepare("BEGIN").run();
  try {
    return { id, kind: "ok", value: carry(reading, ...args) };
  } catch (error) {
    return { id, kind: "broken", message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  } finally {
    reading.prepare("COMMIT").run();
  }
}

port.on("message", (call: CallMessage) => {
  if (call.verb === CLOSE) {
    opened?.db.close();
    port.close();
  } else port.postMessage([answer(call)]);
});
port.postMessage({ kind: "ready" } satisfies ReadyMessage);

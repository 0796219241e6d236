/** The thread that writes the log back into the database file while the writer thread goes on with its commits. */
import { parentPort, workerData } from "node:worker_threads";
import { openForCheckpoints } from "../sqlite/connection.ts";

const port = parentPort;
if (port === null) throw new Error("this file runs as a thread of the store");
const db = openForCheckpoints(workerData as string);

port.on("message", () => {
  try {
    db.exec("PRAGMA wal_checkpoint(PASSIVE)");
  } catch {
    // Most likely a full disk. The log stays, and a later checkpoint writes it back.
  }
  port.postMessage(null);
});

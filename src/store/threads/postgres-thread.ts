/** The thread that holds the connections to PostgreSQL: one for each of the store's other threads. */
import { parentPort } from "node:worker_threads";
import { Client } from "../postgres/client.ts";
import type { ConnectionsMessage } from "../postgres/connections.ts";
import { serveLink } from "../postgres/link.ts";
import { CLOSE, type ReadyMessage } from "./messages.ts";

const port = parentPort;
if (port === null) throw new Error("this file runs as a thread of the store");
const closing = new Set<Promise<void>>();

port.on("message", (message: ConnectionsMessage) => {
  if (message === CLOSE) {
    // Ends this thread only. A link of a store that never used it may still be open.
    void Promise.allSettled(closing).then(() => process.exit());
    return;
  }
  const client = new Client(message.options);
  serveLink(message.link, {
    run: (batch) => client.run(batch),
    close() {
      const closed = client.close().catch(() => undefined); // it was lost
      closing.add(closed);
      void closed.then(() => closing.delete(closed));
    },
  });
});
port.postMessage({ kind: "ready" } satisfies ReadyMessage);

/** The thread that holds the connections to PostgreSQL: one for each of the store's other threads. */
import { parentPort } from "node:worker_threads";
import { createSystemClock } from "../../clock/system.ts";
import type { NodeNote } from "../../ports/store.ts";
import { Client } from "../postgres/client.ts";
import type { ConnectionsMessage, OpenLink, OpenNotes } from "../postgres/connections.ts";
import { serveLink } from "../postgres/link.ts";
import { Notifier } from "../postgres/notes/notifier.ts";
import { CLOSE, type ReadyMessage } from "./messages.ts";

const port = parentPort;
if (port === null) throw new Error("this file runs as a thread of the store");
const clock = createSystemClock();
const closing = new Set<Promise<void>>();

port.on("message", (message: ConnectionsMessage) => {
  if (message === CLOSE) {
    // Ends this thread only. A link of a store that never used it may still be open.
    void Promise.allSettled(closing).then(() => process.exit());
    return;
  }
  if ("notes" in message) openNotes(message);
  else openLink(message);
});

function openLink({ options, link }: OpenLink): void {
  const client = new Client(options);
  serveLink(link, { run: (batch) => client.run(batch), close: () => closeLater(client.close()) });
}

function openNotes({ options, notes: port }: OpenNotes): void {
  const notifier = new Notifier(options, clock, (notes) => port.postMessage(notes));
  port.on("message", (note: NodeNote) => notifier.send(note));
  port.on("close", () => closeLater(notifier.close()));
}

function closeLater(ending: Promise<void>): void {
  const closed = ending.catch(() => undefined); // it was lost
  closing.add(closed);
  void closed.then(() => closing.delete(closed));
}

port.postMessage({ kind: "ready" } satisfies ReadyMessage);

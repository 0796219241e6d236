/** The thread that holds the connections to PostgreSQL, as the main thread uses it. */
import { once } from "node:events";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { newProgress } from "../silence/progress.ts";
import { CLOSE } from "../threads/messages.ts";
import { threadFile } from "../threads/thread-files.ts";
import type { ConnectionOptions } from "./connect.ts";
import type { LinkData } from "./link.ts";

/** What the main thread sends to the thread: the end of one more link, or `CLOSE`. */
export type ConnectionsMessage = OpenLink | OpenNotes | typeof CLOSE;

export interface OpenLink {
  readonly options: ConnectionOptions;
  readonly link: LinkData;
}

/** Notes of this node arrive on the port, and those of others leave on it. */
export interface OpenNotes {
  readonly options: ConnectionOptions;
  readonly notes: MessagePort;
}

export class Connections {
  readonly #worker: Worker;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  /** @param onDeath called if the thread ends by itself. What it sent last is then unknown, and the process has to end. */
  static async start(onDeath: (error: Error) => void): Promise<Connections> {
    const worker = new Worker(threadFile("postgres-thread"), { name: "postgres" });
    await once(worker, "message");
    worker.on("error", onDeath);
    return new Connections(worker);
  }

  /** Open one more connection. Returns the verbs' end of its link; closing that end ends the connection. */
  open(options: ConnectionOptions): LinkData {
    const { port1, port2 } = new MessageChannel();
    const signal = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    const progress = newProgress();
    const message: ConnectionsMessage = { options, link: { port: port1, signal, progress } };
    this.#worker.postMessage(message, [port1]);
    return { port: port2, signal, progress };
  }

  /** Open one more connection, which carries notes between nodes. Closing the port ends it. */
  openNotes(options: ConnectionOptions): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#worker.postMessage({ options, notes: port1 } satisfies ConnectionsMessage, [port1]);
    port2.unref();
    return port2;
  }

  async close(): Promise<void> {
    const ended = once(this.#worker, "exit");
    this.#worker.postMessage(CLOSE satisfies ConnectionsMessage);
    await ended;
  }
}

/** How a reader thread runs verbs: each in one short read transaction. */
import type { MessagePort } from "node:worker_threads";
import type { Connection } from "../connection.ts";
import { type CallMessage, CLOSE, type ReadyMessage, type ReplyMessage } from "./messages.ts";

type Carry<On> = (on: On, ...args: readonly unknown[]) => unknown;

/**
 * @param open called at the first verb, because the writer thread creates and migrates the file while this thread starts
 */
export function serveReads<On extends Connection>(port: MessagePort | null, verbs: object, open: () => On): void {
  if (port === null) throw new Error("this file runs as a thread of the store");
  const carries = verbs as Readonly<Record<string, Carry<On>>>;
  let opened: On | null = null;

  /** All statements of a verb see one state of the store. No statement stays open after the verb. */
  function answer({ id, verb, args }: CallMessage): ReplyMessage {
    opened ??= open();
    opened.begin("read");
    try {
      const value = carries[verb]?.(opened, ...args);
      opened.commit();
      return { id, kind: "ok", value };
    } catch (error) {
      opened.rollback();
      return { id, kind: "broken", message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  }

  port.on("message", (call: CallMessage) => {
    if (call.verb === CLOSE) {
      opened?.close();
      port.close();
    } else port.postMessage([answer(call)]);
  });
  port.postMessage({ kind: "ready" } satisfies ReadyMessage);
}

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
  function read(on: On, { verb, args }: CallMessage): unknown {
    on.begin("read");
    try {
      const value = carries[verb]?.(on, ...args);
      on.commit();
      return value;
    } catch (error) {
      on.rollback();
      throw error;
    }
  }

  /** A verb whose connection was lost runs once more, on a new one. */
  function answer(call: CallMessage, isRepeat = false): ReplyMessage {
    const { id } = call;
    try {
      opened ??= open();
      return { id, kind: "ok", value: read(opened, call) };
    } catch (error) {
      const fault = opened?.faultOf(error);
      if (fault?.kind !== "passing") return { id, kind: "broken", message: textOf(error) };
      return isRepeat || fault.hasWaited === true
        ? { id, kind: "unavailable", message: fault.message, full: false }
        : answer(call, true);
    }
  }

  port.on("message", (calls: readonly CallMessage[]) => {
    for (const call of calls) {
      if (call.verb === CLOSE) {
        opened?.close();
        port.close();
      } else port.postMessage([answer(call)]);
    }
  });
  port.postMessage({ kind: "ready" } satisfies ReadyMessage);
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

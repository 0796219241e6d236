/** Shares the requests between the main thread and the sending thread. */
import {
  HANDED_OVER_BODY_CHARS_MAX,
  HANDED_OVER_COUNT,
  IDLE_CONNECTIONS_MAX,
  IDLE_CONNECTIONS_OF_THREAD_MAX,
} from "../../domain/limits.ts";
import type { Sender } from "../../ports/sender.ts";
import { createSender, type HttpSender, type SenderOptions, sendBy } from "../sender.ts";
import { type Attempt, SendingThread, type SendingThreadOptions, startWorker } from "./thread.ts";

export interface SharingOptions extends Pick<SenderOptions, "clock" | "allowHttp" | "allowNetworks"> {
  readonly onNotice: SendingThreadOptions["onNotice"];
  /** For tests that end the thread. */
  readonly start?: typeof startWorker;
}

/**
 * Requests that become due together go to the thread in small groups, which it sends while the main thread goes on. The main
 * thread sends single ones itself: a message to a thread that sleeps takes longer than that.
 */
export function createSharingSender({ clock, onNotice, start = startWorker, ...rules }: SharingOptions): Sender {
  const startThread = (unhandled: Int32Array) => start({ ...rules, startedMs: clock.monotonicMs(), unhandled });
  const thread = new SendingThread({ clock, start: startThread, onNotice });
  const idleConnectionsMax = () => IDLE_CONNECTIONS_MAX - (thread.isRunning ? IDLE_CONNECTIONS_OF_THREAD_MAX : 0);
  const local = createSender({ ...rules, clock, idleConnectionsMax });
  /** Those of the present turn of the event loop that are not sent yet. */
  let waiting: Attempt[] = [];

  function sendWaiting(): void {
    const attempts = waiting;
    waiting = [];
    if (attempts.length === HANDED_OVER_COUNT && thread.take(attempts)) return;
    for (const { request, resolve } of attempts) local.make(request, resolve);
  }

  const make: HttpSender["make"] = (request, resolve) => {
    if (request.body.length > HANDED_OVER_BODY_CHARS_MAX) {
      local.make(request, resolve);
      return;
    }
    waiting.push({ request, resolve });
    if (waiting.length === HANDED_OVER_COUNT) sendWaiting();
    else if (waiting.length === 1) setImmediate(sendWaiting);
  };

  return {
    send: (request) => (request.oneByOne === true ? local.send(request) : sendBy(make, request)),
    vet: (url) => local.vet(url),
    abortAll() {
      sendWaiting();
      local.abortAll();
      thread.abortAll();
    },
    async close() {
      await Promise.all([local.close(), thread.close()]);
      sendWaiting();
    },
  };
}

/** One of the store's threads, as the main thread uses it. */
import { type EventEmitter, once } from "node:events";
import { type MessagePort, Worker } from "node:worker_threads";
import { NodeGone, StartupError, StoreUnavailable } from "../../domain/errors.ts";
import { Silence, type SilenceOptions } from "../silence/silence.ts";
import { type CallMessage, CLOSE, NOTED, type ReadyMessage, type ReplyMessage, type ThreadData } from "./messages.ts";
import { type ThreadName, threadFile } from "./thread-files.ts";

export interface Thread {
  call<T>(verb: string, args: readonly unknown[]): Promise<T>;
  /** Whether the latest commit succeeded. */
  readonly writable: boolean;
  close(): Promise<void>;
}

export interface ThreadStart {
  readonly workerData: ThreadData;
  /** The ports in it. */
  readonly transferList?: MessagePort[];
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** Objects in a thread of the store live for one call, so more space for young objects, up to 4 MB in three parts, would only take memory. */
const YOUNG_GENERATION_MB = 12;

/** What runs a thread's code: a worker, or in tests an object that runs it in the main thread. */
export type Runner = EventEmitter & Pick<Worker, "postMessage">;

export function startWorker(name: ThreadName, start: ThreadStart): Runner {
  return new Worker(threadFile(name), {
    ...start,
    name: name.replace(/-thread$/, ""),
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
}

export interface ThreadOptions {
  /** Called once if the thread ends by itself. What it wrote last is then unknown, and the process has to end. */
  readonly onDeath: (error: Error) => void;
  /** Called after a commit that recorded something for other nodes. */
  readonly onNoted?: () => void;
  /** Given for a thread on PostgreSQL. */
  readonly watch?: Omit<SilenceOptions, "waiting"> | null;
}

/**
 * Wait until a thread is ready.
 *
 * @throws StartupError when the thread cannot open the data
 */
export async function startThread(worker: Runner, options: ThreadOptions): Promise<Thread> {
  const { onDeath, onNoted, watch = null } = options;
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let writable = true;
  let closing = false;
  const send = outboxTo(worker, (id, error) => {
    waiting.get(id)?.reject(error);
    waiting.delete(id);
  });
  const silence = watch === null ? null : new Silence({ ...watch, waiting });

  function settle(reply: ReplyMessage): void {
    if (reply.id === NOTED) onNoted?.();
    const call = waiting.get(reply.id);
    silence?.replied(call !== undefined && reply.kind !== "unavailable");
    if (call === undefined) return;
    waiting.delete(reply.id);
    if (reply.kind === "ok") writable = true;
    else if (reply.kind === "unavailable") writable = false;
    if (reply.kind === "ok") call.resolve(reply.value as never);
    else call.reject(errorOf(reply));
  }

  function die(error: Error): void {
    for (const { reject } of waiting.values()) reject(new StoreUnavailable("its thread ended"));
    waiting.clear();
    if (!closing) onDeath(error);
    closing = true;
  }

  await ready(worker);
  worker.on("message", (replies: readonly ReplyMessage[]) => replies.forEach(settle));
  worker.on("error", die);
  worker.on("exit", () => die(new Error("the store's thread ended")));
  return {
    get writable() {
      return writable && silence?.isBegun !== true;
    },
    async call(verb, args) {
      if (closing) throw new StoreUnavailable("it is closed");
      silence?.check(verb);
      lastId += 1;
      const id = lastId;
      silence?.sent(id);
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        send({ id, verb, args });
      });
    },
    async close() {
      if (closing) return;
      closing = true;
      const ended = once(worker, "exit");
      send({ id: 0, verb: CLOSE, args: [] });
      await ended;
    },
  };
}

/**
 * Calls made in one turn travel together, so that the thread wakes up once and commits them together.
 *
 * @param refuse called for a call whose arguments cannot be sent to a thread
 */
function outboxTo(worker: Runner, refuse: (id: number, error: Error) => void): (call: CallMessage) => void {
  let unsent: CallMessage[] = [];
  function sendAlone(call: CallMessage): void {
    try {
      worker.postMessage([call]);
    } catch (error) {
      refuse(call.id, error as Error);
    }
  }
  function sendAll(): void {
    const calls = unsent;
    unsent = [];
    try {
      worker.postMessage(calls);
    } catch {
      calls.forEach(sendAlone);
    }
  }
  return (call) => {
    if (unsent.push(call) === 1) queueMicrotask(sendAll);
  };
}

function errorOf({ kind, message }: Exclude<ReplyMessage, { kind: "ok" }>): Error {
  if (kind === "unavailable") return new StoreUnavailable(message);
  return kind === "gone" ? new NodeGone() : new Error(message);
}

function ready(worker: Runner): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("message", (message: ReadyMessage) => {
      worker.removeListener("error", reject);
      if (message.kind === "ready") resolve();
      else reject(new StartupError(message.message));
    });
  });
}

/** Give a delivery to a command: the payload on standard input, the headers in the environment. */
import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import type { ListenAnswer, ListenRequest } from "../../../../sdk/src/index.ts";
import type { Context } from "../../context.ts";

const OUTPUT_BYTES_MAX = 16 * 1024;
/** `EX_TEMPFAIL` of sysexits.h: try again later. */
const TRY_LATER = 75;
const KILL_AFTER_MS = 2000;
/** What the command wrote is in the pipe when it exits. A process that it left behind may keep the pipe open. */
const OUTPUT_WAIT_MS = 200;
/** This machine has no room for one more process now. */
const NO_ROOM = ["EMFILE", "ENFILE", "EAGAIN"];
const IS_WINDOWS = process.platform === "win32";

/** The commands that have not ended. */
const running = new Set<ChildProcess>();
// A second Ctrl-C does not wait for `handlersEnded`.
process.on("exit", () => {
  for (const child of running) signalGroup(child, "SIGKILL");
});

/** Exit 0 is a 200, 75 a 503, and all else a 500. What it prints is the response's body. */
export function runHandler(
  command: string,
  request: ListenRequest,
  { folder }: Pick<Context, "folder">,
): Promise<ListenAnswer> {
  return new Promise((resolve) => {
    const { signal } = request;
    const env = { ...process.env, ...webhookEnvironment(request) };
    // A group of its own: Ctrl-C lets it end, and its children end with it. A shell reads only the user's own command.
    const child = spawn(command, { cwd: folder, env, shell: true, detached: !IS_WINDOWS });
    child.once("error", ({ code = "", message }: NodeJS.ErrnoException) => {
      resolve(answer(NO_ROOM.includes(code) ? 503 : 500, `the command cannot be started: ${message}`));
    });
    if (child.pid === undefined) return; // it may have no streams
    running.add(child);
    const output = outputOf(child);
    child.stdin.on("error", () => undefined); // it may end without reading
    const stop = () => {
      resolve({ failure: "response_timeout", detail: `the command did not end within ${request.timeoutMs} ms` });
      endGroup(child);
    };
    signal.addEventListener("abort", stop, { once: true });
    child.once("exit", (code, killedBy) => {
      if (!signal.aborted) running.delete(child); // what it left behind on purpose goes on
      signal.removeEventListener("abort", stop);
      const end = () => {
        clearTimeout(timer);
        resolve(answer(statusOf(code), output() + (killedBy === null ? "" : `ended by ${killedBy}`)));
      };
      const timer = setTimeout(end, OUTPUT_WAIT_MS);
      child.once("close", end);
      signal.addEventListener("abort", end, { once: true });
    });
    child.once("close", () => running.delete(child));
    child.stdin.end(request.body);
  });
}

/**
 * Wait for the commands that were told to end.
 *
 * Those that do not end in time are killed, at the latest when this process exits.
 */
export async function handlersEnded(): Promise<void> {
  const closed = Promise.all([...running].map((child) => once(child, "close")));
  await Promise.race([closed, wait(KILL_AFTER_MS, undefined, { ref: false })]);
}

/** Its beginning, as far as it has come. */
function outputOf({ stdout, stderr }: ChildProcessWithoutNullStreams): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const take = (chunk: Buffer) => {
    if (bytes < OUTPUT_BYTES_MAX) chunks.push(chunk);
    bytes += chunk.length;
  };
  stdout.on("data", take);
  stderr.on("data", take);
  return () => Buffer.concat(chunks).subarray(0, OUTPUT_BYTES_MAX).toString();
}

function answer(status: number, body: string): ListenAnswer {
  return { status, headers: [["content-type", "text/plain"]], body };
}

function statusOf(code: number | null): number {
  if (code === 0) return 200;
  return code === TRY_LATER ? 503 : 500;
}

/** `webhook-id` is `WEBHOOK_ID`, and `content-type` is `WEBHOOK_CONTENT_TYPE`. */
export function webhookEnvironment(request: Pick<ListenRequest, "headers" | "eventType" | "attemptNumber">) {
  const env: Record<string, string> = {
    WEBHOOK_EVENT_TYPE: request.eventType,
    WEBHOOK_ATTEMPT: String(request.attemptNumber),
  };
  for (const [name, value] of request.headers) {
    const word = name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_");
    env[word.startsWith("WEBHOOK_") ? word : `WEBHOOK_${word}`] = value.replaceAll("\0", "");
  }
  return env;
}

function endGroup(child: ChildProcess): void {
  signalGroup(child, "SIGTERM");
  const timer = setTimeout(() => {
    signalGroup(child, "SIGKILL");
    running.delete(child);
  }, KILL_AFTER_MS);
  child.once("close", () => clearTimeout(timer));
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (IS_WINDOWS || child.pid === undefined) child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // it has ended
  }
}

/** Give a delivery to a command: the payload on standard input, the headers in the environment. */
import { type ChildProcess, spawn } from "node:child_process";
import type { ListenAnswer, ListenRequest } from "../../../../sdk/src/index.ts";
import type { Context } from "../../context.ts";

const OUTPUT_BYTES_MAX = 16 * 1024;
/** `EX_TEMPFAIL` of sysexits.h: try again later. */
const TRY_LATER = 75;
const KILL_AFTER_MS = 2000;

/** Exit 0 is a 200, 75 a 503, and all else a 500. What it prints is the response's body. */
export function runHandler(command: string, request: ListenRequest, context: Context): Promise<ListenAnswer> {
  return new Promise((resolve) => {
    const isWindows = context.platform === "win32";
    const env = { ...process.env, ...webhookEnvironment(request) };
    // A group of its own: Ctrl-C lets it end, and its children end with it. A shell reads only the user's own command.
    const child = spawn(command, { cwd: context.folder, env, shell: true, detached: !isWindows });
    const chunks: Buffer[] = [];
    let bytes = 0;
    const take = (chunk: Buffer) => {
      if (bytes < OUTPUT_BYTES_MAX) chunks.push(chunk);
      bytes += chunk.length;
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.stdin.on("error", () => undefined); // it may end without reading
    const stop = () => {
      resolve({ failure: "response_timeout", detail: `the command did not end within ${request.timeoutMs} ms` });
      kill(child, isWindows);
    };
    request.signal.addEventListener("abort", stop, { once: true });
    const end = (status: number, last = "") => {
      request.signal.removeEventListener("abort", stop);
      const body = Buffer.concat(chunks).subarray(0, OUTPUT_BYTES_MAX).toString() + last;
      resolve({ status, headers: [["content-type", "text/plain"]], body });
    };
    child.once("error", (error) => end(500, error.message));
    child.once("close", (code, signal) => end(statusOf(code), signal === null ? "" : `ended by ${signal}`));
    child.stdin.end(request.body);
  });
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

function kill(child: ChildProcess, isWindows: boolean): void {
  const send = (signal: NodeJS.Signals) => {
    try {
      if (isWindows || child.pid === undefined) child.kill(signal);
      else process.kill(-child.pid, signal);
    } catch {
      // it has ended
    }
  };
  send("SIGTERM");
  const timer = setTimeout(() => send("SIGKILL"), KILL_AFTER_MS);
  child.once("close", () => clearTimeout(timer));
}

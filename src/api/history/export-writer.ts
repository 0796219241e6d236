/** The wire of one export: text goes out as fast as the client takes it, and whoever takes nothing is not waited for. */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { EXPORT_STALL_MS_MAX } from "../../domain/limits.ts";
import type { Clock, Timer } from "../../ports/clock.ts";

/** Why nothing more can be sent. */
export type Over = "left" | "stalled" | "stopped";

export interface ExportWriter {
  /** Null while more can be sent. */
  readonly over: Over | null;
  /** One text after the other; resolves when the connection has taken it, or never will. */
  send(text: string): Promise<Over | "taken">;
  /** The answer is whole. */
  finish(): void;
  /** The answer is not whole, and the client is made to see it. */
  breakOff(): void;
}

export interface ExportWriterOptions {
  readonly answer: ServerResponse;
  /** The answer has it only once those before it are through. */
  readonly connection: Socket;
  /** When it comes, what is not sent yet never is. */
  readonly stopped: AbortSignal;
  readonly clock: Pick<Clock, "after">;
  /** Nothing is read for it any more: it is whole, broken off, or the client has left. */
  readonly onOver: () => void;
}

export function openExportWriter({ answer, connection, stopped, clock, onOver }: ExportWriterOptions): ExportWriter {
  let over: Over | null = null;
  let wake: (() => void) | null = null;

  const end = (why: Over): void => {
    over ??= why;
    wake?.();
  };
  const stop = (): void => end("stopped");
  const leave = (): void => {
    end("left");
    release();
  };
  function release(): void {
    connection.off("close", leave);
    stopped.removeEventListener("abort", stop);
    onOver();
  }

  connection.on("close", leave);
  stopped.addEventListener("abort", stop);
  // What it says is told to the text that cannot be sent.
  answer.on("error", () => undefined);
  if (connection.destroyed) leave();
  if (stopped.aborted) stop();

  return {
    get over() {
      return over;
    },
    async send(text) {
      if (over !== null) return over;
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      const stall = afterStall(answer, clock, () => end("stalled"));
      answer.write(text, (error) => (error ? end("left") : resolve()));
      await promise;
      stall.cancel();
      wake = null;
      return over ?? "taken";
    },
    finish() {
      answer.end();
      release();
    },
    breakOff() {
      // Not just closed: to a client without chunks (HTTP/1.0) that would be the end of a whole file.
      if (!connection.destroyed) connection.resetAndDestroy();
      release();
    },
  };
}

/** Runs `task` when the client has taken nothing for too long; not while an earlier answer is still in the way. */
function afterStall(answer: ServerResponse, clock: ExportWriterOptions["clock"], task: () => void): Timer {
  const arm = (): Timer =>
    clock.after(EXPORT_STALL_MS_MAX, () => {
      if (answer.socket === null) timer = arm();
      else task();
    });
  let timer = arm();
  return { cancel: () => timer.cancel() };
}

/** The response of one export: written with backpressure, and abandoned if the client stops reading. */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { EXPORT_STALL_MS_MAX } from "../../domain/limits.ts";
import type { Clock, Timer } from "../../ports/clock.ts";

/** Why the response cannot be completed. */
export type Interruption = "disconnected" | "stalled" | "stopped";

export interface ExportWriter {
  /** Null while the response can still be completed. */
  readonly interruption: Interruption | null;
  /** Resolves once the connection has taken the text, or cannot take it any more. One call at a time. */
  send(text: string): Promise<Interruption | "taken">;
  /** Ends a complete response. */
  finish(): void;
  /** Ends an incomplete response so that the client notices. */
  breakOff(): void;
}

export interface ExportWriterOptions {
  readonly response: ServerResponse;
  /** The response has no socket of its own until the pipelined responses before it are sent. */
  readonly connection: Socket;
  /** Aborted when the server stops. Text that is not sent by then is never sent. */
  readonly stopped: AbortSignal;
  readonly clock: Pick<Clock, "after">;
  /** Called once the response is complete or broken off, or the client has disconnected: no more rows are needed. */
  readonly onEnd: () => void;
}

export function openExportWriter({ response, connection, stopped, clock, onEnd }: ExportWriterOptions): ExportWriter {
  let interruption: Interruption | null = null;
  let wake: (() => void) | null = null;

  const interrupt = (why: Interruption): void => {
    interruption ??= why;
    wake?.();
  };
  const stop = (): void => interrupt("stopped");
  const disconnect = (): void => {
    interrupt("disconnected");
    release();
  };
  function release(): void {
    connection.off("close", disconnect);
    stopped.removeEventListener("abort", stop);
    onEnd();
  }

  connection.on("close", disconnect);
  stopped.addEventListener("abort", stop);
  // The callback of `write` reports the error.
  response.on("error", () => undefined);
  if (connection.destroyed) disconnect();
  if (stopped.aborted) stop();

  return {
    get interruption() {
      return interruption;
    },
    async send(text) {
      if (interruption !== null) return interruption;
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      const stall = afterStall(response, clock, () => interrupt("stalled"));
      response.write(text, (error) => (error ? interrupt("disconnected") : resolve()));
      await promise;
      stall.cancel();
      wake = null;
      return interruption ?? "taken";
    },
    finish() {
      response.end();
      release();
    },
    breakOff() {
      // Closing is not enough: to a client without chunked encoding (HTTP/1.0) it would look like the end of the file.
      if (!connection.destroyed) connection.resetAndDestroy();
      release();
    },
  };
}

/** Runs `task` if the client takes nothing for too long. The time before earlier responses are sent does not count. */
function afterStall(response: ServerResponse, clock: ExportWriterOptions["clock"], task: () => void): Timer {
  const arm = (): Timer =>
    clock.after(EXPORT_STALL_MS_MAX, () => {
      if (response.socket === null) timer = arm();
      else task();
    });
  let timer = arm();
  return { cancel: () => timer.cancel() };
}

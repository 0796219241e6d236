/** Server-sent events (HTML Living Standard §9.2): the head of a stream, and the comments that keep it alive. */
import type { ServerResponse } from "node:http";
import { STREAM_COMMENT_MS } from "../../domain/limits.ts";
import type { Clock, Timer } from "../../ports/clock.ts";

export function beginEventStream(response: ServerResponse): void {
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-signalbox": "1",
    // Without this header, a buffering proxy would hold the events back.
    "x-accel-buffering": "no",
  });
}

/**
 * Send comments, which tell proxies and clients that a quiet stream is alive. While output is waiting to be sent no comment
 * is added: it would say nothing new, and comments would accumulate.
 *
 * @param fields what to send with a comment: lines, each with its end
 */
export function commentRegularly(
  response: ServerResponse,
  clock: Clock,
  onComment: () => void,
  fields: () => string = () => "",
): Timer {
  let timer: Timer;
  const comment = (): void => {
    if (!response.writableNeedDrain) response.write(`: still here\n${fields()}\n`);
    onComment();
    timer = clock.after(STREAM_COMMENT_MS, comment);
  };
  timer = clock.after(STREAM_COMMENT_MS, comment);
  return { cancel: () => timer.cancel() };
}

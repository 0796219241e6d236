/**
 * Delays the responses to senders over the failure limit, without looking at their requests. A sender that waits for each
 * response can then send only one request per second on each connection. If a sender pipelines requests, the delayed
 * response is the connection's last. (Closing the connection immediately makes such senders reconnect again and again, which
 * costs more than the delay.)
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import { INBOUND_REFUSAL_DELAY_MS, INBOUND_REFUSALS_HELD_COUNT_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import { refuse, TOO_MANY_FAILED } from "../errors/pause-status-errors.ts";
import { UNREAD_BODY_BYTES_MAX } from "../http/limits.ts";
import { hasPipelined, stopReading } from "./pipelining.ts";

export class Tarpit {
  readonly #clock: Pick<Clock, "after">;
  readonly #delayedMax: number;
  #delayed = 0;

  /** @param delayedMax above this number of delayed responses, connections are closed immediately */
  constructor(clock: Pick<Clock, "after">, delayedMax = INBOUND_REFUSALS_HELD_COUNT_MAX) {
    this.#clock = clock;
    this.#delayedMax = delayedMax;
  }

  /** Responds with 429 after the delay. */
  refuse(request: FastifyRequest, reply: FastifyReply): void {
    const { socket } = request.raw;
    if (this.#delayed >= this.#delayedMax) {
      reply.hijack();
      socket.destroy();
      return;
    }
    this.#delayed += 1;
    const leavesBody = leavesLargeBody(request);
    if (leavesBody) {
      stopReading(socket);
      // Discard what has already been read of the body.
      request.raw.resume();
    }
    const release = (): void => {
      this.#delayed -= 1;
      timer.cancel();
      socket.off("close", release);
    };
    const timer = this.#clock.after(INBOUND_REFUSAL_DELAY_MS, () => {
      release();
      if (leavesBody || hasPipelined(request.raw, reply.raw)) reply.header("connection", "close");
      refuse(reply, TOO_MANY_FAILED);
    });
    // A sender that disconnects needs no response.
    socket.once("close", release);
  }
}

/** Whether much of the body is unread. The server would have to receive all of it to keep the connection open. */
function leavesLargeBody({ headers, body }: FastifyRequest): boolean {
  if (body !== undefined) return false;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > UNREAD_BODY_BYTES_MAX;
}

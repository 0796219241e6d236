/**
 * Refusals without a look. Each is held back for a while, so that whoever sends as fast as answers come sends no faster
 * than one a second over each connection. Over a connection that sends on without waiting it is the last answer. (Hanging
 * up at once has such a sender connect again and again, which costs more than letting it wait.)
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import { INBOUND_REFUSAL_DELAY_MS, INBOUND_REFUSALS_HELD_COUNT_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import { hasPipelined, stopReading } from "../connections/pipelining.ts";
import { refuse, TOO_MANY_FAILED } from "../errors/pause-status-errors.ts";
import { UNREAD_BODY_BYTES_MAX } from "../http/limits.ts";

export interface Tarpit {
  /** Answer 429, later. */
  refuse(request: FastifyRequest, reply: FastifyReply): void;
}

export function createTarpit(clock: Pick<Clock, "after">, heldMax = INBOUND_REFUSALS_HELD_COUNT_MAX): Tarpit {
  let held = 0;
  return {
    refuse(request, reply) {
      const { socket } = request.raw;
      if (held >= heldMax) {
        reply.hijack();
        socket.destroy();
        return;
      }
      held += 1;
      const leavesMuch = leavesMuchUnread(request);
      if (leavesMuch) {
        stopReading(socket);
        // What has been read of the body is not kept.
        request.raw.resume();
      }
      const letGo = (): void => {
        held -= 1;
        timer.cancel();
        socket.off("close", letGo);
      };
      const timer = clock.after(INBOUND_REFUSAL_DELAY_MS, () => {
        letGo();
        if (leavesMuch || hasPipelined(request.raw, reply.raw)) reply.header("connection", "close");
        refuse(reply, TOO_MANY_FAILED);
      });
      // Whoever hangs up meanwhile waits no longer.
      socket.once("close", letGo);
    },
  };
}

/** What is not read of a body has to be received all the same, if the connection is to serve another request. */
function leavesMuchUnread({ headers, body }: FastifyRequest): boolean {
  if (body !== undefined) return false;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > UNREAD_BODY_BYTES_MAX;
}

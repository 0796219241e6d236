/**
 * Refusals without a look. Each is held back for a while, so that whoever sends as fast as answers come sends no faster
 * than one a second over each connection. Who sends on without waiting for it, or comes when as many as may be are held,
 * is hung up on: 50 connections that pipelined left the deliveries a tenth of their speed while 429s were written.
 */
import type { Socket } from "node:net";
import type { FastifyReply, FastifyRequest } from "fastify";
import { INBOUND_REFUSAL_DELAY_MS, INBOUND_REFUSALS_HELD_COUNT_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import { UNREAD_BODY_BYTES_MAX } from "../limits.ts";
import { refuse, TOO_MANY_FAILED } from "./errors.ts";

export interface HeldBack {
  /** Answer 429, later. */
  refuse(request: FastifyRequest, reply: FastifyReply): void;
}

export function createHeldBack(clock: Pick<Clock, "after">, heldMax = INBOUND_REFUSALS_HELD_COUNT_MAX): HeldBack {
  /** The connections that wait for one. */
  const waiting = new Set<Socket>();
  return {
    refuse(request, reply) {
      const { socket } = request.raw;
      if (waiting.has(socket) || waiting.size >= heldMax) {
        reply.hijack();
        socket.destroy();
        return;
      }
      waiting.add(socket);
      if (leavesMuchUnread(request)) reply.header("connection", "close");
      const letGo = (): void => {
        waiting.delete(socket);
        timer.cancel();
        socket.off("close", letGo);
      };
      const timer = clock.after(INBOUND_REFUSAL_DELAY_MS, () => {
        letGo();
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

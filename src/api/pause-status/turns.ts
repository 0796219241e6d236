/**
 * The requests of one connection, one after the other. Node hands on every request that it finds in what it has read,
 * however many are still unanswered: a sender that does not wait for answers would have all of them looked at before
 * the first is known to fail. While one waits, its connection is not read; TCP then slows the sender down.
 */
import type { Socket } from "node:net";
import type { FastifyReply, FastifyRequest } from "fastify";

export interface Turns {
  /** Begin as soon as the requests before this one on its connection are answered; never when it was closed with them. */
  take(request: FastifyRequest, reply: FastifyReply, begin: () => void): void;
  /** Whether others wait behind the one that this connection is busy with. */
  isWaitedFor(socket: Socket): boolean;
}

export function createTurns(): Turns {
  /** Of each connection with a request under way those behind it: at most what one read of its socket holds. */
  const behind = new WeakMap<Socket, (() => void)[]>();

  function startNext(socket: Socket): void {
    const waiting = behind.get(socket);
    const next = socket.writable ? waiting?.shift() : undefined;
    if (next === undefined) {
      behind.delete(socket);
      return;
    }
    if (waiting?.length === 0) socket.resume();
    next();
  }

  return {
    take({ raw: { socket } }, { raw: response }, begin) {
      const start = (): void => {
        response.once("close", () => startNext(socket));
        begin();
      };
      const waiting = behind.get(socket);
      if (waiting === undefined) {
        behind.set(socket, []);
        start();
      } else {
        waiting.push(start);
        socket.pause();
      }
    },
    isWaitedFor: (socket) => (behind.get(socket)?.length ?? 0) > 0,
  };
}

/**
 * The requests of one connection, one after the other. Node hands over every request that it finds in what it has read,
 * however many are still unanswered: 58 KB can hold 3,000 of them, and all would be worked on and answered in memory at
 * once. Here a request begins when the one before it has been answered and the answer taken. Until then nothing but
 * Node's own two objects exists for it, and its connection is not read; TCP slows the sender down.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { PIPELINED_REQUESTS_COUNT_MAX } from "../http/limits.ts";

/** Of each connection the response to the newest request. */
const newest = new WeakMap<Socket, ServerResponse>();

/** Whether other requests wait behind this one on its connection. */
export function hasPipelined({ socket }: IncomingMessage, response: ServerResponse): boolean {
  const last = newest.get(socket);
  return last !== undefined && last !== response;
}

/**
 * Runs `task` when the requests that came whole over the connection before now are answered. The newest one may be what
 * has broken off: nobody will ever answer it, and `task` answers in its place. When its answer has begun already, the
 * connection is closed instead.
 */
export function afterResponses(socket: Socket, task: () => void): void {
  const last = newest.get(socket);
  if (last === undefined || last.closed) task();
  else if (last.req.complete) last.once("close", task);
  else if (last.headersSent) socket.destroy();
  else if (last.socket !== null) task();
  else last.once("socket", task);
}

export interface PipeliningOptions {
  /** Answers what came before on this connection, and closes it: one more request than may wait has come over it. */
  readonly refuse: (socket: Socket) => void;
  readonly waitingMax?: number;
}

/** Handle the requests of each connection in turn. */
export function oneAtATime(
  handle: RequestListener,
  { refuse, waitingMax = PIPELINED_REQUESTS_COUNT_MAX }: PipeliningOptions,
): RequestListener {
  let waiting = 0;

  function wait(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    newest.set(socket, response);
    waiting += 1;
    stopReading(socket);
    let isOver = false;
    const leave = (): void => {
      if (isOver) return;
      isOver = true;
      waiting -= 1;
    };
    // The connection was closed.
    request.once("close", leave);
    // Node gives a response the connection when it has sent the one before.
    response.once("socket", () => {
      // Connections take turns, too: answers that need no waiting would else follow one another without a pause.
      setImmediate(() => {
        leave();
        if (socket.destroyed) return;
        if (newest.get(socket) === response) readAgain(socket);
        handle(request, response);
      });
    });
  }

  return (request, response) => {
    if (response.socket !== null) {
      newest.set(request.socket, response);
      handle(request, response);
    } else if (waiting < waitingMax) {
      wait(request, response);
    } else {
      stopParsing(request.socket);
      refuse(request.socket);
    }
  };
}

/** What `node:http` keeps with a socket, and does not document. */
interface ParsedSocket extends Socket {
  readonly parser?: { onIncoming: () => number };
}
/** To Node's parser an error, as the answer to a request's head. */
const PARSING_STOPS = -1;

/** Leave the rest of what was read unparsed: it may be 3,000 requests, each some 10 µs and 2 KB. */
function stopParsing({ parser }: ParsedSocket): void {
  if (parser !== undefined) parser.onIncoming = () => PARSING_STOPS;
}

/** Nothing more is read of a connection, even when Node would: it does after each answer. */
export function stopReading(socket: Socket): void {
  socket.pause();
  if (socket.listeners("resume").includes(keepPaused)) return;
  socket.on("resume", keepPaused);
}

function readAgain(socket: Socket): void {
  socket.off("resume", keepPaused);
  socket.resume();
}

function keepPaused(this: Socket): void {
  this.pause();
}

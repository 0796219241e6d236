/**
 * HTTP pipelining, one request at a time. Node emits every request that it finds in the data it has read, no matter how many
 * are unanswered: 58 KB can hold 3,000 requests, and their handlers and responses would all be in memory at once. Here, the
 * handler of a request runs once the client has taken the response to the request before it. Until then the waiting request
 * costs only Node's two objects, and the server does not read the connection, so TCP slows the sender down.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { PIPELINED_REQUESTS_COUNT_MAX } from "../http/limits.ts";

/** The response to the newest request of each connection. */
const newest = new WeakMap<Socket, ServerResponse>();

/** Whether other requests wait behind this one on its connection. */
export function hasPipelined({ socket }: IncomingMessage, response: ServerResponse): boolean {
  const last = newest.get(socket);
  return last !== undefined && last !== response;
}

/**
 * Runs `task` after the responses to all complete requests of the connection. The newest request may be the one that broke
 * off: no handler will respond to it, so `task` runs in its place. If its response has begun, the connection is closed
 * instead.
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
  /** Sends the responses to the earlier requests of a connection and closes it, when too many requests wait. */
  readonly refuse: (socket: Socket) => void;
  readonly waitingMax?: number;
}

/** A listener that handles the requests of each connection one at a time. */
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
    // Node assigns the connection to a response once it has sent the one before.
    response.once("socket", () => {
      // One request per turn of the event loop, so that responses that need no I/O do not keep other connections waiting.
      setImmediate(() => {
        leave();
        if (socket.destroyed) return;
        if (newest.get(socket) === response) resumeReading(socket);
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

/** An undocumented property of the sockets of `node:http`. */
interface ParsedSocket extends Socket {
  readonly parser?: { onIncoming: () => number };
}
/** As the result for a request's head, Node's parser takes it for an error. */
const STOP_PARSING = -1;

/** Do not parse the rest of the data: it may hold 3,000 requests, which cost about 10 µs and 2 KB each. */
function stopParsing({ parser }: ParsedSocket): void {
  if (parser !== undefined) parser.onIncoming = () => STOP_PARSING;
}

/** Stop reading a connection, although Node resumes it after each response. */
export function stopReading(socket: Socket): void {
  socket.pause();
  if (socket.listeners("resume").includes(keepPaused)) return;
  socket.on("resume", keepPaused);
}

function resumeReading(socket: Socket): void {
  socket.off("resume", keepPaused);
  socket.resume();
}

function keepPaused(this: Socket): void {
  this.pause();
}

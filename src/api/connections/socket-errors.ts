/** What is answered when a connection carries no HTTP request. */
import type { Socket } from "node:net";
import { commonEnvelope, type Problem, problem } from "../errors/problem.ts";
import { OVERLOAD_RETRY_AFTER_SECONDS } from "../http/limits.ts";
import { afterResponses, stopReading } from "./pipelining.ts";

const MALFORMED = problem(400, "BAD_REQUEST", "This is not an HTTP request.");
const TOO_SLOW = problem(408, "REQUEST_TIMEOUT", "The request took too long to arrive.");
const HEAD_TOO_LARGE = problem(431, "REQUEST_HEADERS_TOO_LARGE", "The request's headers are too large.");
const TOO_MANY_AHEAD: Problem = {
  ...problem(
    503,
    "OVERLOADED",
    "Too many requests wait for the answers before them. Wait for each answer, and try again.",
  ),
  headers: { "retry-after": String(OVERLOAD_RETRY_AFTER_SECONDS) },
};
const TOO_MANY_CONNECTIONS: Problem = {
  ...problem(
    503,
    "OVERLOADED",
    "There are too many connections, or too many from this address. Close one, and try again.",
  ),
  headers: { "retry-after": String(OVERLOAD_RETRY_AFTER_SECONDS) },
};

const REASON: Readonly<Record<number, string>> = {
  400: "Bad Request",
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
  503: "Service Unavailable",
};

/** An answer when Node's parser finds no request. */
export function refuseMalformed(error: Error & { code?: string }, socket: Socket): void {
  if (error.code !== "ECONNRESET") refuse(socket, problemOf(error.code));
}

/** An answer to whoever sends ahead of its answers when too many requests wait. */
export function refusePipelined(socket: Socket): void {
  refuse(socket, TOO_MANY_AHEAD);
}

/** An answer to a connection for which there is no place. */
export function refuseConnection(socket: Socket): void {
  refuse(socket, TOO_MANY_CONNECTIONS);
}

/** Whatever else comes over them is not answered. */
const refused = new WeakSet<Socket>();

/**
 * Answer on the bare socket and close it, since where the next request begins is unknown. Requests that came before are
 * answered first: a client takes the next answer for that of its oldest request.
 */
function refuse(socket: Socket, why: Problem): void {
  if (socket.destroyed || refused.has(socket)) return;
  refused.add(socket);
  stopReading(socket);
  afterResponses(socket, () => {
    if (socket.writable) socket.write(answerText(why));
    socket.destroySoon();
  });
}

function problemOf(code: string | undefined): Problem {
  switch (code) {
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return TOO_SLOW;
    case "HPE_HEADER_OVERFLOW":
      return HEAD_TOO_LARGE;
    default:
      return MALFORMED;
  }
}

function answerText(why: Problem): string {
  const { status, body } = commonEnvelope(why);
  const text = JSON.stringify(body);
  return [
    `HTTP/1.1 ${status} ${REASON[status] ?? ""}`,
    "content-type: application/json; charset=utf-8",
    `content-length: ${Buffer.byteLength(text)}`,
    "connection: close",
    ...Object.entries(why.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
    "",
    text,
  ].join("\r\n");
}

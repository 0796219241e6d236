/** Error responses for connections without a valid HTTP request. They are written to the socket directly. */
import type { Socket } from "node:net";
import { commonEnvelope, type Problem, problem, temporary } from "../errors/problem.ts";
import { JSON_TYPE } from "../http/content-type.ts";
import { OVERLOAD_RETRY_AFTER_SECONDS } from "../http/limits.ts";
import { afterResponses, stopReading } from "./pipelining.ts";

const MALFORMED = problem(400, "BAD_REQUEST", "This is not an HTTP request.");
const TOO_SLOW = problem(408, "REQUEST_TIMEOUT", "The request took too long to arrive.");
const HEAD_TOO_LARGE = problem(431, "REQUEST_HEADERS_TOO_LARGE", "The request's headers are too large.");
const TOO_MANY_PIPELINED = temporary(
  problem(
    503,
    "OVERLOADED",
    "Too many pipelined requests are waiting. Wait for each response before you send the next request.",
  ),
  OVERLOAD_RETRY_AFTER_SECONDS,
);
const TOO_MANY_CONNECTIONS = temporary(
  problem(503, "OVERLOADED", "Too many connections are open, in total or from your address. Close one and try again."),
  OVERLOAD_RETRY_AFTER_SECONDS,
);

const REASON: Readonly<Record<number, string>> = {
  400: "Bad Request",
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
  503: "Service Unavailable",
};

/** For data in which Node's parser finds no request. */
export function refuseMalformed(error: Error & { code?: string }, socket: Socket): void {
  if (error.code !== "ECONNRESET") refuse(socket, problemOf(error.code));
}

/** For a client that pipelines requests when too many are waiting. */
export function refusePipelined(socket: Socket): void {
  refuse(socket, TOO_MANY_PIPELINED);
}

/** For a connection beyond the limit. */
export function refuseConnection(socket: Socket): void {
  refuse(socket, TOO_MANY_CONNECTIONS);
}

/** Sockets that have their error response. Nothing else on them gets a response. */
const refused = new WeakSet<Socket>();

/**
 * Respond on the bare socket and close it, since the server does not know where the next request begins. Earlier requests
 * get their responses first: a client matches responses to requests by their order.
 */
function refuse(socket: Socket, why: Problem): void {
  if (socket.destroyed || refused.has(socket)) return;
  refused.add(socket);
  stopReading(socket);
  afterResponses(socket, () => {
    if (socket.writable) socket.write(responseText(why));
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

function responseText(why: Problem): string {
  const { status, body } = commonEnvelope(why);
  const text = JSON.stringify(body);
  return [
    `HTTP/1.1 ${status} ${REASON[status] ?? ""}`,
    `content-type: ${JSON_TYPE}`,
    `content-length: ${Buffer.byteLength(text)}`,
    "connection: close",
    ...Object.entries(why.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
    "",
    text,
  ].join("\r\n");
}

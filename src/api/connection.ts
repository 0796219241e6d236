/** What is answered when a connection carries no HTTP request. */
import type { Socket } from "node:net";
import { commonEnvelope, type Problem, problem } from "./errors.ts";
import { afterAnswers, stopReading } from "./turns.ts";

const MALFORMED = problem(400, "BAD_REQUEST", "This is not an HTTP request.");
const TOO_SLOW = problem(408, "REQUEST_TIMEOUT", "The request took too long to arrive.");
const HEAD_TOO_LARGE = problem(431, "REQUEST_HEADERS_TOO_LARGE", "The request's headers are too large.");

const REASON: Readonly<Record<number, string>> = {
  400: "Bad Request",
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
};

/** Whatever else comes over them is no request either. */
const refused = new WeakSet<Socket>();

/**
 * Answer on the bare socket and close it, since where the next request begins is unknown. Requests that came before are
 * answered first: a client takes the next answer for that of its oldest request.
 */
export function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed || refused.has(socket)) return;
  refused.add(socket);
  stopReading(socket);
  afterAnswers(socket, () => {
    if (socket.writable) socket.write(answerText(problemOf(error.code)));
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
    "",
    text,
  ].join("\r\n");
}

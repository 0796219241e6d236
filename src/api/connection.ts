/** What is answered when a connection carries no HTTP request. */
import type { Socket } from "node:net";
import { commonEnvelope, type Problem, problem } from "./errors.ts";

const MALFORMED = problem(400, "BAD_REQUEST", "This is not an HTTP request.");
const TOO_SLOW = problem(408, "REQUEST_TIMEOUT", "The request took too long to arrive.");
const HEAD_TOO_LARGE = problem(431, "REQUEST_HEADERS_TOO_LARGE", "The request's headers are too large.");

const REASON: Readonly<Record<number, string>> = {
  400: "Bad Request",
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
};

/** Answer on the bare socket, and close it: where the next request would begin is unknown. */
export function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  if (socket.writable) socket.write(answerText(problemOf(error.code)));
  socket.destroySoon();
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

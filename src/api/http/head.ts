/** Faults of a request's head, on any route. Node's parser has already refused what is not HTTP. */
import type { IncomingMessage } from "node:http";
import { type Problem, problem, UNKNOWN_EXPECTATION, UNSUPPORTED_ENCODING } from "../errors/problem.ts";

/** The client, or a proxy in front, may see other boundaries between requests than the server does. */
const close = { connection: "close" };
const NO_HOST: Problem = {
  ...problem(400, "BAD_REQUEST", "An HTTP/1.1 request must have a Host header."),
  headers: close,
};
const BAD_HOST: Problem = {
  ...problem(400, "BAD_REQUEST", "A request must have exactly one Host header, with a host and optionally a port."),
  headers: close,
};
const UNKNOWN_VERSION: Problem = {
  ...problem(505, "HTTP_VERSION_NOT_SUPPORTED", "Send the request as HTTP/1.1."),
  headers: close,
};
const UNKNOWN_TRANSFER_CODING: Problem = {
  ...problem(400, "BAD_REQUEST", 'The only supported Transfer-Encoding is "chunked", in HTTP/1.1.'),
  headers: close,
};

/** RFC 3986 §3.2.2 and 3.2.3. IPv6 addresses are not checked in detail. */
const HOST = /^(?:\[[\da-fv.:]+\]|[\w\-.~!$&'()*+,;=%]*)(?::\d*)?$/i;

/** What RFC 9112 forbids: §2.3 about versions, §3.2 about Host, §6.1 about Transfer-Encoding. */
export function messageFault({ headers, httpVersion, rawHeaders }: IncomingMessage): Problem | null {
  if (httpVersion !== "1.1" && httpVersion !== "1.0") return UNKNOWN_VERSION;
  const { host } = headers;
  if (host === undefined) {
    if (httpVersion === "1.1") return NO_HOST;
  } else if (!HOST.test(host) || hasTwoHosts(rawHeaders)) return BAD_HOST;
  const coding = headers["transfer-encoding"];
  if (coding === undefined) return null;
  return coding.toLowerCase() === "chunked" && httpVersion === "1.1" ? null : UNKNOWN_TRANSFER_CODING;
}

/** Node silently drops a second Host header. */
function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === "host") count += 1;
  }
  return count > 1;
}

/** What the server does not support: expectations other than 100-continue, and content codings. */
export function contentFault({ headers }: IncomingMessage): Problem | null {
  if (headers.expect !== undefined && headers.expect.toLowerCase() !== "100-continue") return UNKNOWN_EXPECTATION;
  const encoding = headers["content-encoding"];
  return encoding === undefined || isNoCoding(encoding) ? null : UNSUPPORTED_ENCODING;
}

/** RFC 9110 §8.4.1: codings are case-insensitive, and `identity` means none. */
function isNoCoding(encoding: string): boolean {
  return encoding.split(",").every((coding) => /^\s*(?:identity)?\s*$/i.test(coding));
}

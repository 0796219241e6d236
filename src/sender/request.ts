/** Serialize a request for the connection. */
import { CHECKED_HEADER_NAMES_COUNT_MAX } from "../domain/limits.ts";
import { isOfTheConnection } from "../domain/text/headers.ts";
import type { SendRequest } from "../ports/sender.ts";
import type { Target } from "./target.ts";

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110 §5.5 with obs-text as Latin-1. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const ASCII = /^[\t\r\n\x20-\x7e]*$/;

/** A request whose headers are checked and written out. */
export interface PreparedRequest extends Pick<SendRequest, "url" | "body" | "timeoutMs"> {
  readonly owner: string;
  /** The lines of the headers, each with its end. */
  readonly headerLines: string;
  /** How much of the timeout had passed when the sender got the request. */
  readonly waitedMs: number;
}

export interface WireRequest {
  /** Latin-1, including the empty line at the end. */
  readonly head: string;
  /** UTF-8. */
  readonly body: string;
  /** Whether the head is ASCII, so that head and body can be written as one string. */
  readonly plain: boolean;
}

/** @throws when a header cannot be sent unchanged */
export function prepare({ url, owner = "", headers, body, timeoutMs }: SendRequest): PreparedRequest {
  return { url, owner, headerLines: headerLines(headers), body, timeoutMs, waitedMs: 0 };
}

/** The first lines of all requests to this target. */
export function requestLines({ origin, path }: Pick<Target, "origin" | "path">): string {
  const host = origin.slice(origin.indexOf("//") + 2);
  return `POST ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`;
}

function headerLines(headers: SendRequest["headers"]): string {
  if (headers.length % 2 !== 0) throw new Error("the request cannot be sent: a header has no value");
  let lines = "";
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    const value = headers[i + 1] as string;
    if (!isAllowed(name)) {
      throw new Error("the request cannot be sent: a header's name is not allowed");
    }
    if (!FIELD_VALUE.test(value)) {
      throw new Error(`the request cannot be sent: the header ${name} has a character that is not allowed`);
    }
    lines += `${name}: ${value}\r\n`;
  }
  return lines;
}

/**
 * @param lines the first lines of all requests to the target
 */
export function wireRequest(lines: string, { headerLines, body }: PreparedRequest): WireRequest {
  const head = `${lines}${headerLines}content-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return { head, body, plain: ASCII.test(head) };
}

/** Names that are allowed. Nearly every request has the same dozen, and checking them took half the time of `headerLines`. */
const allowedNames = new Set<string>();

function isAllowed(name: string): boolean {
  if (allowedNames.has(name)) return true;
  if (!TOKEN.test(name) || isOfTheConnection(name.toLowerCase())) return false;
  if (allowedNames.size < CHECKED_HEADER_NAMES_COUNT_MAX) allowedNames.add(name);
  return true;
}

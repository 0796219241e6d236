/** The headers of a request, and explanations of those that are missing or malformed. */
import type { InboundRequest } from "../../../domain/inbound/request.ts";
import { type Rejected, rejected, type Timestamp } from "./signature.ts";

/** Null when the header is missing or empty. */
export function header({ headers }: InboundRequest, name: string): string | null {
  const lower = name.toLowerCase();
  // A source may name any header, even `constructor`.
  const value = Object.hasOwn(headers, lower) ? headers[lower]?.trim() : undefined;
  return value === undefined || value === "" ? null : value;
}

const SIGNATURE_LIKE = /sign|hmac|digest/;
const SHOWN_HEADERS_MAX = 3;
const SHOWN_HEADER_CHARS_MAX = 64;

/** Names the headers that are there and that the sender may have meant instead. */
export function missingHeader(request: InboundRequest, name: string): Rejected {
  const similar = similarHeaders(request);
  const present =
    similar.length === 0 ? "No other header looks like a signature." : `These headers are present: ${list(similar)}.`;
  return rejected("header_missing", `The ${name} header is missing. ${present} ${MISSING_ADVICE}`);
}

const MISSING_ADVICE = "Check that the sender has a secret set, and that no proxy drops headers.";

/** @param name in lower case */
export function isSignatureLike(name: string): boolean {
  return SIGNATURE_LIKE.test(name);
}

export function similarHeaders({ headers }: InboundRequest): readonly string[] {
  return Object.keys(headers)
    .filter((name) => isSignatureLike(name) && name.length <= SHOWN_HEADER_CHARS_MAX)
    .slice(0, SHOWN_HEADERS_MAX);
}

function list(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** Twelve digits last until the year 33658. Thirteen digits are milliseconds. */
const UNIX_SECONDS = /^\d{1,12}$/;
const UNIX_MS = /^\d{13}$/;
const RFC_3339 = /^\d{4}-\d\d-\d\d/;

export type TimestampRead =
  | { readonly kind: "timestamp"; readonly timestamp: Timestamp; readonly text: string }
  | Rejected;

export function readTimestamp(text: string, name: string, toleranceSeconds: number): TimestampRead {
  if (UNIX_SECONDS.test(text)) {
    return { kind: "timestamp", timestamp: { header: name, seconds: Number(text), toleranceSeconds }, text };
  }
  return rejected("timestamp_malformed", `The timestamp in ${name} is not in Unix seconds${guess(text)}.`);
}

function guess(text: string): string {
  if (UNIX_MS.test(text)) return "; it looks like milliseconds";
  return RFC_3339.test(text) ? "; it looks like a date" : "";
}

/** Reads a timestamp that has its own header. */
export function readTimestampHeader(request: InboundRequest, name: string, toleranceSeconds: number): TimestampRead {
  const text = header(request, name);
  return text === null ? missingTimestamp(request, name) : readTimestamp(text, name, toleranceSeconds);
}

function missingTimestamp(request: InboundRequest, name: string): Rejected {
  const similar = Object.keys(request.headers)
    .filter((other) => other.includes("timestamp") && other.length <= SHOWN_HEADER_CHARS_MAX)
    .slice(0, SHOWN_HEADERS_MAX);
  const present = similar.length === 0 ? "" : ` These headers are present: ${list(similar)}.`;
  const what = `The ${name} header, with the time of the signature, is missing.`;
  return rejected("header_missing", `${what}${present} ${MISSING_ADVICE}`);
}

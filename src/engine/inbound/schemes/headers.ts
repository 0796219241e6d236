/** Headers of a request: what they say, and what is said of those that are missing or malformed. */
import type { InboundRequest } from "../../../domain/inbound/request.ts";
import { type Rejected, rejected, type Stamp } from "./claim.ts";

/** An empty header is a missing one. */
export function header({ headers }: InboundRequest, name: string): string | null {
  const lower = name.toLowerCase();
  // A source may name any header, `constructor` among them.
  const value = Object.hasOwn(headers, lower) ? headers[lower]?.trim() : undefined;
  return value === undefined || value === "" ? null : value;
}

const SIGNATURE_LIKE = /sign|hmac|digest/;
const SHOWN_HEADERS_MAX = 3;
const SHOWN_HEADER_CHARS_MAX = 64;

/** The header that is looked for is not there; those that could be meant instead are named. */
export function missingHeader(request: InboundRequest, name: string): Rejected {
  const similar = similarHeaders(request);
  const there = similar.length === 0 ? "No header that looks like a signature is there." : `There is ${list(similar)}.`;
  return rejected("header_missing", `There is no ${name} header. ${there} ${MISSING_ADVICE}`);
}

const MISSING_ADVICE = "Look whether the sender has a secret set, and whether a proxy on the way drops headers.";

export function similarHeaders({ headers }: InboundRequest): readonly string[] {
  return Object.keys(headers)
    .filter((name) => SIGNATURE_LIKE.test(name) && name.length <= SHOWN_HEADER_CHARS_MAX)
    .slice(0, SHOWN_HEADERS_MAX);
}

function list(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** Twelve digits last until the year 33658; thirteen are milliseconds. */
const UNIX_SECONDS = /^\d{1,12}$/;
const UNIX_MS = /^\d{13}$/;
const RFC_3339 = /^\d{4}-\d\d-\d\d/;

export type StampRead = { readonly kind: "stamp"; readonly stamp: Stamp; readonly text: string } | Rejected;

export function readStamp(text: string, name: string, toleranceSeconds: number): StampRead {
  if (UNIX_SECONDS.test(text)) {
    return { kind: "stamp", stamp: { header: name, seconds: Number(text), toleranceSeconds }, text };
  }
  return rejected("timestamp_malformed", `The timestamp in ${name} is not in Unix seconds${guess(text)}.`);
}

function guess(text: string): string {
  if (UNIX_MS.test(text)) return "; it looks like milliseconds";
  return RFC_3339.test(text) ? "; it looks like a date" : "";
}

/** The timestamp that is a header of its own. */
export function readStampHeader(request: InboundRequest, name: string, toleranceSeconds: number): StampRead {
  const text = header(request, name);
  return text === null ? missingTimestamp(request, name) : readStamp(text, name, toleranceSeconds);
}

function missingTimestamp(request: InboundRequest, name: string): Rejected {
  const similar = Object.keys(request.headers)
    .filter((other) => other.includes("timestamp") && other.length <= SHOWN_HEADER_CHARS_MAX)
    .slice(0, SHOWN_HEADERS_MAX);
  const there = similar.length === 0 ? "" : ` There is ${list(similar)}.`;
  return rejected("header_missing", `There is no ${name} header, with the time of signing.${there} ${MISSING_ADVICE}`);
}

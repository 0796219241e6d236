/** The custom headers that an endpoint may add to its deliveries; see docs/endpoints.md. */
import type { Fault } from "../errors.ts";
import { FORMAT_HEADERS } from "../formats/headers.ts";
import { CUSTOM_HEADERS_BYTES_MAX, CUSTOM_HEADERS_MAX } from "../limits.ts";

const FIELD = "headers_json";
/** Header names can be very long. Error messages show only this much of them. */
const NAME_SHOWN_CHARS_MAX = 100;
/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110 §5.5 with obs-text as Latin-1: each character is one byte. */
const FIELD_VALUE = /^[\t\x20-\x7e\xa0-\xff]*$/;
/** Headers that describe the connection or the framing of a message. Endpoints must not set them. */
const CONNECTION_HEADERS = new Set([
  "host",
  "content-length",
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
]);

/**
 * Check an endpoint's `headers_json`. No faults means that it is a `Record<string, string>` that can be sent.
 *
 * A fault's field is `headers_json.Host` for a single header, or `headers_json` for all of them together.
 */
export function customHeaderFaults(headers: unknown): Fault[] {
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) {
    return [{ field: FIELD, rule: "must be an object of header names and string values" }];
  }
  const entries: [string, unknown][] = Object.entries(headers);
  if (entries.length > CUSTOM_HEADERS_MAX) {
    return [{ field: FIELD, rule: `must have at most ${CUSTOM_HEADERS_MAX} headers` }];
  }
  return [...sizeFaults(entries), ...entries.flatMap(entryFaults), ...repeatFaults(entries)];
}

function sizeFaults(entries: readonly [string, unknown][]): Fault[] {
  const bytes = entries.reduce(
    (sum, [name, value]) => sum + name.length + (typeof value === "string" ? value.length : 0),
    0,
  );
  if (bytes <= CUSTOM_HEADERS_BYTES_MAX) return [];
  return [{ field: FIELD, rule: `must have at most ${CUSTOM_HEADERS_BYTES_MAX} bytes of names and values together` }];
}

function entryFaults([name, value]: [string, unknown]): Fault[] {
  return [nameRule(name), valueRule(value)]
    .filter((rule) => rule !== null)
    .map((rule) => ({ field: fieldOf(name), rule }));
}

function fieldOf(name: string): string {
  return `${FIELD}.${name.slice(0, NAME_SHOWN_CHARS_MAX)}`;
}

function nameRule(name: string): string | null {
  if (!TOKEN.test(name)) return "must have a valid HTTP header name: letters, digits and !#$%&'*+-.^_`|~";
  const lower = name.toLowerCase();
  if (FORMAT_HEADERS.has(lower)) return "must not be a header that Signalbox sets itself";
  return isOfTheConnection(lower) ? "must not be a header of the connection" : null;
}

/** Whether a header, given in lower case, belongs to the connection. A proxy sets such headers itself. */
export function isOfTheConnection(name: string): boolean {
  return CONNECTION_HEADERS.has(name) || name.startsWith("proxy-");
}

function valueRule(value: unknown): string | null {
  if (typeof value !== "string") return "must be a string";
  return FIELD_VALUE.test(value) ? null : "must have only visible Latin-1 characters, spaces and tabs";
}

function repeatFaults(entries: readonly [string, unknown][]): Fault[] {
  const seen = new Set<string>();
  return entries.flatMap(([name]) => {
    const lower = name.toLowerCase();
    if (seen.has(lower))
      return [{ field: fieldOf(name), rule: "must not repeat a header name in another letter case" }];
    seen.add(lower);
    return [];
  });
}

/** Other bodies that a sender may have signed when the one that came is not it, each with what happened to it. */
import canonicalize from "canonicalize";
import { JSON_DEPTH_MAX } from "../../domain/limits.ts";
import { scanJson } from "./jcs-scan.ts";
import { utf8Text } from "./schemes/form.ts";

export interface Respelled {
  readonly body: Uint8Array;
  /** Completes "The signature fits …". */
  readonly how: string;
}

const RAW_ADVICE =
  "something on the way parses the body and writes it again, or the sender signs another text than it sends";
const NOT_ASCII = /[^\0-\x7f]/;

/** Of one body some ten others, each at most a few times as long. */
export function respelled(body: Uint8Array): readonly Respelled[] {
  const text = utf8Text(body);
  const found = text === null ? fromLatin1(body) : [...byText(text), ...byJson(text)];
  const different = found.filter((other) => !Buffer.from(other.body).equals(body));
  return body.length === 0 ? different : [...different, EMPTY];
}

const EMPTY: Respelled = {
  body: new Uint8Array(),
  how: "an empty body: the sender signs before it has the body, or signs nothing",
};

function fromLatin1(body: Uint8Array): readonly Respelled[] {
  const text = Buffer.from(body).toString("latin1");
  return [of(text, "the body in UTF-8; it came in another charset (ISO-8859-1)")];
}

function byText(text: string): readonly Respelled[] {
  const found: Respelled[] = [];
  const add = (other: string, how: string): void => void found.push(of(other, how));
  add(text.replace(/\s+$/, ""), "the body without the white space (such as a newline) at its end");
  add(`${text}\n`, "the body with a newline at its end, which it came without");
  if (text.startsWith("\uFEFF")) add(text.slice(1), "the body without its byte-order mark");
  add(text.replaceAll("\r\n", "\n"), "the body with LF as line ends; it came with CR LF");
  add(text.replaceAll(/\r?\n/g, "\r\n"), "the body with CR LF as line ends; it came with LF");
  if (NOT_ASCII.test(text)) {
    const how = "the body in ISO-8859-1; it came in UTF-8";
    found.push({ body: Buffer.from(text, "latin1"), how });
  }
  return found;
}

function byJson(text: string): readonly Respelled[] {
  const value = parsedJson(text);
  if (value === undefined) return [];
  const found = [
    of(JSON.stringify(value), `the body as JSON.stringify(JSON.parse(body)) writes it: ${RAW_ADVICE}`),
    of(JSON.stringify(value, null, 2), `the body as JSON with an indent of 2: ${RAW_ADVICE}`),
    of(spaced(value), `the body as Python's json.dumps writes it: ${RAW_ADVICE}`),
  ];
  // Canonical form is refused by what it would change: an infinite number, half of a surrogate pair.
  if (scanJson(text, JSON_DEPTH_MAX) !== null) return found;
  return [...found, of(canonicalize(value) ?? "", `the body in canonical form (RFC 8785): ${RAW_ADVICE}`)];
}

/** Of a body that carries its own signature: what may have been signed instead of its canonical form. */
export function respelledWithout(body: Uint8Array, field: string): readonly Respelled[] {
  const value = parsedJson(utf8Text(body) ?? "");
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  const blank = canonicalize({ ...value, [field]: "" }) ?? "";
  const { [field]: _, ...rest } = value as Record<string, unknown>;
  const sorted: unknown = JSON.parse(canonicalize(rest) ?? "{}");
  const advice = "rather than canonical form (RFC 8785)";
  return [
    of(JSON.stringify(rest), `the body without the field as JSON.stringify writes it, ${advice}`),
    of(spaced(rest), `the body without the field as Python's json.dumps writes it, ${advice}`),
    of(spaced(sorted), `the body without the field as Python's json.dumps with sort_keys writes it, ${advice}`),
    of(blank, "the body with an empty field, which has to be left out"),
  ];
}

/** Undefined for what is not JSON, or so deep that writing it again would not end well. */
function parsedJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return scanJson(text, JSON_DEPTH_MAX)?.kind === "tooDeep" ? undefined : value;
  } catch {
    return undefined;
  }
}

/** A space after each comma and colon, and everything beyond ASCII escaped. */
function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value)
      .map(([key, member]) => `${spaced(key)}: ${spaced(member)}`)
      .join(", ")}}`;
  }
  return JSON.stringify(value).replaceAll(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function of(text: string, how: string): Respelled {
  return { body: Buffer.from(text, "utf8"), how };
}

/** Other bodies that a sender may have signed when the one that came is not it, each with what happened to it. */
import canonicalize from "canonicalize";
import { JSON_DEPTH_MAX } from "../../../domain/limits.ts";
import { scanJson } from "../json/jcs-scan.ts";
import { utf8Text } from "../schemes/form.ts";
import {
  asciiEscapes,
  dotnetEscapes,
  type Escapes,
  gsonEscapes,
  htmlEscapes,
  jsonWriter,
  type Layout,
  noEscapes,
  phpEscapes,
  slashEscapes,
  type WriteJson,
} from "./json.ts";

export interface BodyVariant {
  readonly body: Uint8Array;
  /** Completes "The signature fits …". */
  readonly how: string;
}

const RAW_ADVICE =
  "something on the way parses the body and writes it again, or the sender signs another text than it sends";
const NOT_ASCII = /[^\0-\x7f]/;

/**
 * Of one body up to some thirty others, each at most a few times as long, the likeliest first; made as they are asked for.
 *
 * @param anewMax in how many ways JSON is written anew, which takes far more than to try one
 */
export function* bodyVariants(body: Uint8Array, anewMax: number): Generator<BodyVariant> {
  if (body.length > 0) yield EMPTY;
  const text = utf8Text(body);
  if (text === null) {
    yield fromLatin1(body);
    return;
  }
  yield* distinct(text, byText(text));
  if (NOT_ASCII.test(text)) {
    yield { body: Buffer.from(text, "latin1"), how: "the body in ISO-8859-1; it came in UTF-8" };
  }
  yield* distinct(text, byJson(text).take(anewMax));
}

/**
 * Of a body that carries its own signature: what may have been signed instead of its canonical form.
 *
 * @param body    one that has such a form
 * @param field   where the signature stands
 * @param anewMax as of `bodyVariants`
 */
export function bodyVariantsWithout(body: Uint8Array, field: string, anewMax: number): Generator<BodyVariant> {
  const text = utf8Text(body) ?? "{}";
  const value: Readonly<Record<string, unknown>> = JSON.parse(text);
  return distinct("", byJsonWithout(text, value, field).take(anewMax));
}

type Spelling = readonly [text: string, how: string];

/** Each text once: most bodies have nothing that half of the writers would escape. */
function* distinct(known: string, spellings: Iterable<Spelling>): Generator<BodyVariant> {
  const seen = new Set([known]);
  for (const [text, how] of spellings) {
    if (seen.has(text)) continue;
    seen.add(text);
    yield { body: Buffer.from(text, "utf8"), how };
  }
}

const EMPTY: BodyVariant = {
  body: new Uint8Array(),
  how: "an empty body: the sender signs before it has the body, or signs nothing",
};

function fromLatin1(body: Uint8Array): BodyVariant {
  const text = Buffer.from(body).toString("latin1");
  return { body: Buffer.from(text, "utf8"), how: "the body in UTF-8; it came in another charset (ISO-8859-1)" };
}

function* byText(text: string): Generator<Spelling> {
  yield [text.trimEnd(), "the body without the white space (such as a newline) at its end"];
  yield [`${text}\n`, "the body with a newline at its end, which it came without"];
  if (text.startsWith("\uFEFF")) yield [text.slice(1), "the body without its byte-order mark"];
  yield [text.replaceAll("\r\n", "\n"), "the body with LF as line ends; it came with CR LF"];
  yield [text.replaceAll(/\r?\n/g, "\r\n"), "the body with CR LF as line ends; it came with LF"];
}

// ── JSON, written anew ──────────────────────────────────────────────────────────────────────────────────────────────

const COMPACT: Layout = { comma: ",", colon: ":", indent: null, order: "asItCame" };
const SPACED: Layout = { ...COMPACT, comma: ", ", colon: ": " };
const COMPACT_SORTED: Layout = { ...COMPACT, order: "sorted" };
const SPACED_SORTED: Layout = { ...SPACED, order: "sorted" };
const SPACED_BY_LENGTH: Layout = { ...SPACED, order: "byLength" };
const INDENT_2: Layout = { ...COMPACT, colon: ": ", indent: "  " };
const INDENT_4: Layout = { ...INDENT_2, indent: "    " };
const INDENT_TAB: Layout = { ...INDENT_2, indent: "\t" };
const INDENT_2_SORTED: Layout = { ...INDENT_2, order: "sorted" };

interface Writer {
  readonly layout: Layout;
  readonly escapes: Escapes;
  /** Completes "the body …". */
  readonly how: string;
}

function writer(layout: Layout, escapes: Escapes, how: string): Writer {
  return { layout, escapes, how };
}

/** What programs make of JSON that are told nothing else, and of those that are told something the commonest. */
const USUAL_WRITERS: readonly Writer[] = [
  writer(SPACED, asciiEscapes, "as Python's json.dumps writes it"),
  writer(COMPACT, asciiEscapes, "as PHP's json_encode, or Python's json.dumps without spaces, writes it"),
  writer(COMPACT, phpEscapes, "as PHP's json_encode writes it, with its slashes escaped"),
  writer(COMPACT, noEscapes, "as JSON without spaces, its numbers and the order of its keys as they came"),
];

const OTHER_WRITERS: readonly Writer[] = [
  writer(COMPACT, htmlEscapes, "as Go's encoding/json or Rails' to_json writes it"),
  writer(SPACED, noEscapes, "as Python's json.dumps with ensure_ascii=False writes it"),
  writer(COMPACT, dotnetEscapes, "as .NET's JsonSerializer writes it"),
  writer(COMPACT, slashEscapes, "as PHP's json_encode with JSON_UNESCAPED_UNICODE writes it"),
  writer(INDENT_2, noEscapes, "as JSON with an indent of 2"),
  writer(SPACED_BY_LENGTH, noEscapes, "as a jsonb column of PostgreSQL or a JSON column of MySQL gives it back"),
  writer(COMPACT, gsonEscapes, "as Java's Gson writes it"),
];

const SORTING_WRITERS: readonly Writer[] = [
  writer(COMPACT_SORTED, asciiEscapes, "as Python's json.dumps with sort_keys and without spaces writes it"),
  writer(SPACED_SORTED, asciiEscapes, "as Python's json.dumps with sort_keys writes it"),
  writer(COMPACT_SORTED, noEscapes, "as JSON without spaces and with its keys sorted, its numbers as they came"),
  writer(COMPACT_SORTED, htmlEscapes, "as Go's encoding/json writes a map"),
  writer(COMPACT_SORTED, phpEscapes, "as PHP's json_encode writes it once its keys are sorted"),
  writer(SPACED_SORTED, noEscapes, "as Python's json.dumps with sort_keys and ensure_ascii=False writes it"),
];

const INDENTING_WRITERS: readonly Writer[] = [
  writer(INDENT_4, noEscapes, "as JSON with an indent of 4"),
  writer(INDENT_4, phpEscapes, "as PHP's json_encode with JSON_PRETTY_PRINT writes it"),
  writer(INDENT_4, asciiEscapes, "as Python's json.dumps with an indent of 4 writes it"),
  writer(INDENT_2, asciiEscapes, "as Python's json.dumps with an indent of 2 writes it"),
  writer(INDENT_2, htmlEscapes, "as Go's encoding/json with an indent of 2 writes it"),
  writer(INDENT_2_SORTED, asciiEscapes, "as Python's json.dumps with sort_keys and an indent of 2 writes it"),
  writer(INDENT_TAB, noEscapes, "as JSON with tabs as indent"),
  writer(INDENT_TAB, htmlEscapes, "as Go's encoding/json with tabs as indent writes it"),
];

function* byJson(text: string): Generator<Spelling> {
  const json = parsedJson(text);
  if (json === null) return;
  const how = (rest: string): string => `the body ${rest}: ${RAW_ADVICE}`;
  const write = jsonWriter(text);
  yield [JSON.stringify(json.value), how("as JSON.stringify(JSON.parse(body)) writes it")];
  yield* byWriters(USUAL_WRITERS, write, how);
  // Canonical form is refused by what it would change: an infinite number, half of a surrogate pair.
  if (json.isFaultless) yield [canonicalize(json.value) ?? "", how("in canonical form (RFC 8785)")];
  yield* byWriters([...OTHER_WRITERS, ...SORTING_WRITERS, ...INDENTING_WRITERS], write, how);
}

function* byJsonWithout(text: string, value: Readonly<Record<string, unknown>>, field: string): Generator<Spelling> {
  const { [field]: _, ...others } = value;
  const how = (rest: string): string => `the body without the field ${rest}, rather than in canonical form (RFC 8785)`;
  const write = jsonWriter(text, field);
  yield [JSON.stringify(others), how("as JSON.stringify writes it")];
  yield* byWriters(SORTING_WRITERS, write, how);
  yield [canonicalize({ ...value, [field]: "" }) ?? "", "the body with an empty field, which has to be left out"];
  yield* byWriters([...USUAL_WRITERS, ...OTHER_WRITERS, ...INDENTING_WRITERS], write, how);
}

function* byWriters(writers: readonly Writer[], write: WriteJson, how: (rest: string) => string): Generator<Spelling> {
  for (const { layout, escapes, how: rest } of writers) {
    const text = write(layout, escapes);
    if (text !== null) yield [text, how(rest)];
  }
}

/** Null for what is not JSON, or so deep that writing it again would not end well. */
function parsedJson(text: string): { readonly value: unknown; readonly isFaultless: boolean } | null {
  try {
    const value: unknown = JSON.parse(text);
    const fault = scanJson(text, JSON_DEPTH_MAX);
    return fault?.kind === "tooDeep" ? null : { value, isFaultless: fault === null };
  } catch {
    return null;
  }
}

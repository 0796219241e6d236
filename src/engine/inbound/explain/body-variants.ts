/** Other bodies that the sender may have signed, each with what happened to the body. */
import canonicalize from "canonicalize";
import { JSON_DEPTH_MAX } from "../../../domain/limits.ts";
import { findJcsFault } from "../../../domain/text/jcs-fault.ts";
import { scanObject } from "../../../domain/text/json.ts";
import { utf8Text } from "../schemes/form.ts";
import { asciiEscapes, type JsonStyle, noEscapes, phpEscapes, rewriteJson } from "./rewrite-json.ts";

export interface BodyVariant {
  readonly body: Uint8Array;
  /** Completes "The signature matches …". */
  readonly how: string;
}

type Variant = readonly [text: string | null, how: string];

/** About ten variants, the likeliest first; fewer of a large body. Each is written when it is asked for. */
export function bodyVariants(body: Uint8Array): Generator<BodyVariant> {
  const text = utf8Text(body) ?? "";
  const rewritten = jsonVariants(text, (style) => `the body ${style}: ${RAW_ADVICE}`);
  return distinct(text, [spaceVariants(text), rewritten.take(countMax(body))]);
}

const RAW_ADVICE = "a proxy re-serialized the JSON, or the sender signs a different text than it sends";

/**
 * What the sender may have signed instead of the canonical form, for a body that contains its own signature.
 *
 * @param body  a body that has a canonical form
 * @param field the member that holds the signature
 */
export function embeddedVariants(body: Uint8Array, field: string): Generator<BodyVariant> {
  const rest = withoutMember(utf8Text(body) ?? "", field);
  const rewritten = jsonVariants(rest, (style) => `the body without "${field}" ${style}. ${CANONICAL_ADVICE}`);
  return distinct("", [rewritten.take(countMax(body))]);
}

const CANONICAL_ADVICE = "The sender has to sign the canonical form (RFC 8785)";

/** The server does nothing else meanwhile: 240 KB in every form took 60 to 170 ms, and in four forms 30 to 65 ms. */
const LARGE_BYTES = 32 * 1024;
const LARGE_COUNT_MAX = 4;

function countMax(body: Uint8Array): number {
  return body.byteLength > LARGE_BYTES ? LARGE_COUNT_MAX : Number.POSITIVE_INFINITY;
}

/** Each text once: most bodies contain nothing that only some of the programs would escape. */
function* distinct(known: string, groups: readonly Iterable<Variant>[]): Generator<BodyVariant> {
  const seen: Set<string | null> = new Set([known, null]);
  for (const group of groups) {
    for (const [text, how] of group) {
      if (text === null || seen.has(text)) continue;
      seen.add(text);
      yield { body: Buffer.from(text, "utf8"), how };
    }
  }
}

function* spaceVariants(text: string): Generator<Variant> {
  yield [text.trim(), "the body without the white space around it, such as a newline at its end"];
  yield [`${text}\n`, "the body with a newline at its end, which is missing here"];
}

// ── JSON, parsed and written again ──────────────────────────────────────────────────────────────────────────────────

const COMPACT: JsonStyle = { comma: ",", colon: ":", indent: null, escapes: noEscapes };
const SPACED: JsonStyle = { ...COMPACT, comma: ", ", colon: ": " };
const INDENTED: JsonStyle = { ...COMPACT, colon: ": ", indent: "  " };

const AS_IT_CAME: readonly (readonly [JsonStyle, how: string])[] = [
  [{ ...SPACED, escapes: asciiEscapes }, "as Python's json.dumps writes it"],
  [{ ...COMPACT, escapes: asciiEscapes }, "as PHP's json_encode, or Python's json.dumps without spaces, writes it"],
  [{ ...COMPACT, escapes: phpEscapes }, "as PHP's json_encode writes it, with its slashes escaped"],
  [COMPACT, "as JSON without spaces, with its numbers and the order of its keys as they came"],
  [INDENTED, "as JSON with an indent of 2"],
];

const SORTED: readonly (readonly [JsonStyle, how: string])[] = [
  [COMPACT, "in canonical form (RFC 8785)"],
  [{ ...COMPACT, escapes: asciiEscapes }, "as Python's json.dumps with sort_keys and without spaces writes it"],
  [{ ...SPACED, escapes: asciiEscapes }, "as Python's json.dumps with sort_keys writes it"],
];

function* jsonVariants(text: string, how: (style: string) => string): Generator<Variant> {
  const json = readJson(text);
  if (json === null) return;
  yield [JSON.stringify(json.value), how("as JSON.stringify(JSON.parse(body)) writes it")];
  for (const [style, name] of AS_IT_CAME) yield [rewriteJson(text, style), how(name)];
  const sorted = json.isFaultless ? canonicalize(json.value) : undefined;
  if (sorted === undefined) return;
  for (const [style, name] of SORTED) yield [rewriteJson(sorted, style), how(name)];
}

/** Null for a text that is not JSON, or that is nested too deeply to be written again. */
function readJson(text: string): { readonly value: unknown; readonly isFaultless: boolean } | null {
  try {
    const value: unknown = JSON.parse(text);
    const fault = findJcsFault(text, JSON_DEPTH_MAX);
    return fault?.kind === "tooDeep" ? null : { value, isFaultless: fault === null };
  } catch {
    return null;
  }
}

/** The other members, spelled as they came. */
function withoutMember(text: string, field: string): string {
  const scan = scanObject(text, JSON_DEPTH_MAX);
  const members = scan.kind === "ok" ? [...scan.members] : [];
  const others = members.filter(([key]) => key !== field);
  return `{${others.map(([key, { start, end }]) => `${JSON.stringify(key)}:${text.slice(start, end)}`).join(",")}}`;
}

/** Bodies in the canonical form of RFC 8785, which is the same however the body was spelled. */
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { JSON_DEPTH_MAX } from "../../domain/limits.ts";
import { type JsonFault, scanJson } from "./jcs-scan.ts";
import { utf8Text } from "./schemes/form.ts";

/** Where a body carries its own signature. */
export const SIGNATURE_FIELD = "signature";

export type CanonicalBody =
  | {
      readonly kind: "canonical";
      /** Of the body without the field. */
      readonly text: string;
      /** What stood in the field; undefined when it is not there. */
      readonly removed: unknown;
    }
  /** It is JSON, but in canonical form it would say something else. */
  | { readonly kind: "lossy"; readonly why: string }
  /** Not a JSON object in UTF-8, or one that two readers would read differently. */
  | { readonly kind: "unreadable"; readonly why: string };

/** @param field left out of the canonical text; one of that name further down stays */
export function canonicalBody(body: Uint8Array, field: string): CanonicalBody {
  const text = utf8Text(body);
  if (text === null) return { kind: "unreadable", why: "The body is not UTF-8." };
  const value = parsed(text);
  if (value === null) return { kind: "unreadable", why: "The body is not a JSON object." };
  const fault = scanJson(text, JSON_DEPTH_MAX);
  if (fault !== null) return described(fault);
  const removed = Object.hasOwn(value, field) ? value[field] : undefined;
  delete value[field];
  return { kind: "canonical", text: canonicalize(value) ?? "", removed };
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

const SHOWN_CHARS_MAX = 100;

function described(fault: JsonFault): Exclude<CanonicalBody, { readonly kind: "canonical" }> {
  switch (fault.kind) {
    case "repeatedKey":
      return { kind: "unreadable", why: `The body repeats the key ${shown(JSON.stringify(fault.key))}.` };
    case "tooDeep":
      return { kind: "unreadable", why: `The body is nested deeper than ${JSON_DEPTH_MAX} levels.` };
    case "changedNumber":
      return {
        kind: "lossy",
        why: `The number ${shown(fault.number)} has another value in canonical form (RFC 8785); send it as a string.`,
      };
    case "loneSurrogate":
      return { kind: "lossy", why: "A string has half of a surrogate pair, which has no canonical form (RFC 8785)." };
  }
}

function shown(text: string): string {
  return text.length <= SHOWN_CHARS_MAX ? text : `${text.slice(0, SHOWN_CHARS_MAX)}…`;
}

/**
 * Tells repeats of a request: SHA-256 in hex of the canonical body without its signature, or of the raw bytes where
 * that says something else. The two never meet: canonical text is its own canonical form.
 */
export function contentDigest(body: Uint8Array): string {
  const canonical = canonicalBody(body, SIGNATURE_FIELD);
  const content = canonical.kind === "canonical" ? canonical.text : body;
  return createHash("sha256").update(content).digest("hex");
}

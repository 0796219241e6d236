/** Bodies in the canonical form of RFC 8785, which does not depend on how the JSON was written. */
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { JSON_DEPTH_MAX } from "../../../domain/limits.ts";
import { findJcsFault, type JcsFault } from "../../../domain/text/jcs-fault.ts";
import { firstCharacters } from "../../../domain/text/text.ts";
import { utf8Text } from "../schemes/form.ts";

/** The member in which a body carries its own signature. */
export const SIGNATURE_FIELD = "signature";

export type CanonicalBody =
  | {
      readonly kind: "canonical";
      /** The canonical form of the body without its `signature`. */
      readonly text: string;
      /** The value of `signature`; undefined when there is none. */
      readonly removed: unknown;
    }
  /** JSON that would say something else in canonical form. */
  | { readonly kind: "lossy"; readonly why: string }
  /** Not a JSON object in UTF-8, or one that two readers may read differently. */
  | { readonly kind: "unreadable"; readonly why: string };

type Lossy = Extract<CanonicalBody, { readonly kind: "lossy" }>;
type Unreadable = Extract<CanonicalBody, { readonly kind: "unreadable" }>;

/** The fields of a body, whether or not it has a canonical form. */
type ObjectRead =
  | {
      readonly kind: "read";
      readonly fields: Readonly<Record<string, unknown>>;
      /** Why the body has no canonical form; null when it has one. */
      readonly lossy: Lossy | null;
    }
  | Unreadable;

const BYTE_ORDER_MARK = "\uFEFF";

/** Caches a result for as long as the body exists: the server needs it up to four times for one request. */
function remembered<Made extends object>(make: (body: Uint8Array) => Made): (body: Uint8Array) => Made {
  const made = new WeakMap<Uint8Array, Made>();
  return (body) => {
    const before = made.get(body);
    if (before !== undefined) return before;
    const now = make(body);
    made.set(body, now);
    return now;
  };
}

/** The rules for every body, whatever its signature: a JSON object in UTF-8 that repeats no key at any depth. */
export const readObject = remembered((body: Uint8Array): ObjectRead => {
  const text = utf8Text(body);
  if (text === null) return unreadable("The body is not UTF-8.");
  if (text.startsWith(BYTE_ORDER_MARK)) return unreadable("The body begins with a byte-order mark.");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return unreadable("The body is not JSON.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return unreadable("The body is not a JSON object.");
  }
  const fault = findJcsFault(text, JSON_DEPTH_MAX);
  const why = fault === null ? null : described(fault);
  if (why?.kind === "unreadable") return why;
  return { kind: "read", fields: value as Readonly<Record<string, unknown>>, lossy: why };
});

/** Leaves out only the outermost `signature`. */
export const canonicalBody = remembered((body: Uint8Array): CanonicalBody => {
  const read = readObject(body);
  if (read.kind === "unreadable") return read;
  if (read.lossy !== null) return read.lossy;
  const { [SIGNATURE_FIELD]: removed, ...fields } = read.fields;
  return { kind: "canonical", text: canonicalize(fields) ?? "", removed };
});

function unreadable(why: string): Unreadable {
  return { kind: "unreadable", why };
}

const SHOWN_CHARS_MAX = 100;

function described(fault: JcsFault): Lossy | Unreadable {
  switch (fault.kind) {
    case "repeatedKey":
      return unreadable(`The body repeats the key ${shown(JSON.stringify(fault.key))}.`);
    case "tooDeep":
      return unreadable(`The body is nested deeper than ${JSON_DEPTH_MAX} levels.`);
    case "changedNumber":
      return {
        kind: "lossy",
        why: `The number ${shown(fault.number)} changes its value in canonical form (RFC 8785); send it as a string.`,
      };
    case "loneSurrogate":
      return {
        kind: "lossy",
        why: "A string has half of a surrogate pair, so the body has no canonical form (RFC 8785).",
      };
  }
}

function shown(text: string): string {
  return text.length <= SHOWN_CHARS_MAX ? text : `${firstCharacters(text, SHOWN_CHARS_MAX)}…`;
}

/**
 * Identifies repeats of a request: SHA-256 in hex of the canonical body without its signature, or of the raw bytes when
 * the body has no canonical form. The two never collide: a canonical text is its own canonical form.
 */
export function contentDigest(body: Uint8Array): string {
  const canonical = canonicalBody(body);
  const content = canonical.kind === "canonical" ? canonical.text : body;
  return createHash("sha256").update(content).digest("hex");
}

/** Signatures as text: decoded strictly, and described when they are not what they should be. */
import { SIGNATURES_COUNT_MAX } from "../../../domain/limits.ts";
import { type HmacAlgorithm, type Rejected, rejected, type SignatureEncoding } from "./claim.ts";

const DIGEST_BYTES: Readonly<Record<HmacAlgorithm, number>> = { sha1: 20, sha256: 32, sha512: 64 };
const ALGORITHM_NAMES: Readonly<Record<HmacAlgorithm, string>> = {
  sha1: "SHA-1",
  sha256: "SHA-256",
  sha512: "SHA-512",
};
const HEX = /^(?:[0-9a-f]{2})+$/i;

export interface SignatureForm {
  /** Where it stands, for the explanation. */
  readonly place: string;
  readonly prefix: string;
  readonly algorithm: HmacAlgorithm;
  readonly encoding: SignatureEncoding;
}

export type SignaturesRead = { readonly kind: "signatures"; readonly given: readonly Buffer[] } | Rejected;

/** Those that can be read; when none can, what is wrong with the first. */
export function readSignatures(texts: readonly string[], form: SignatureForm): SignaturesRead {
  const given = texts.slice(0, SIGNATURES_COUNT_MAX).flatMap((text) => readSignature(text, form) ?? []);
  return given.length > 0
    ? { kind: "signatures", given }
    : rejected("signature_malformed", signatureFault(texts[0] ?? "", form));
}

/**
 * The signatures of a header that may have several, separated by commas, semicolons or spaces. A sender that changes its
 * secret signs with both for a while, and a header that comes twice is joined with a comma.
 */
export function readSignatureList(text: string, form: SignatureForm): SignaturesRead {
  const read = readSignatures(signaturesIn(text, form.prefix), form);
  return read.kind === "signatures" ? read : rejected("signature_malformed", signatureFault(text, form));
}

/** Whether a header holds signatures and nothing else. */
export function isSignatureList(text: string, form: SignatureForm): boolean {
  const signatures = signaturesIn(text, form.prefix);
  const others = signatures.reduce((rest, signature) => rest.replace(signature, ""), text);
  return ONLY_SEPARATORS.test(others) && signatures.every((signature) => readSignature(signature, form) !== null);
}

const SEPARATORS = /[\s,;]+/;
const ONLY_SEPARATORS = /^[\s,;]*$/;

function signaturesIn(text: string, prefix: string): readonly string[] {
  if (!SEPARATORS.test(prefix)) return text.split(SEPARATORS, SIGNATURES_COUNT_MAX);
  // No signature has a separator in it, so this prefix, such as "HMAC ", stands before each.
  const behind = text.split(prefix, SIGNATURES_COUNT_MAX + 1).slice(1);
  return behind.map((rest) => prefix + (rest.split(SEPARATORS, 1)[0] ?? ""));
}

function readSignature(text: string, { prefix, algorithm, encoding }: SignatureForm): Buffer | null {
  if (!text.startsWith(prefix)) return null;
  const bytes = decode(text.slice(prefix.length), encoding);
  return bytes?.length === DIGEST_BYTES[algorithm] ? bytes : null;
}

function signatureFault(text: string, form: SignatureForm): string {
  if (!text.startsWith(form.prefix)) return withoutPrefix(text, form);
  return `${expectation(form)} ${observation(text.slice(form.prefix.length), form)}`.trim();
}

/** Null when it is not of that encoding: hex in either case; base64 (RFC 4648 §4) padded, with no stray bits. */
export function decode(text: string, encoding: SignatureEncoding): Buffer | null {
  if (encoding === "hex") return HEX.test(text) ? Buffer.from(text, "hex") : null;
  const bytes = Buffer.from(text, "base64");
  return bytes.length > 0 && bytes.toString("base64") === text ? bytes : null;
}

function withoutPrefix(text: string, form: SignatureForm): string {
  const isBare = readSignature(text, { ...form, prefix: "" }) !== null;
  const hint = isBare ? " The signature is there without it." : foreignPrefix(text);
  return `The signature in ${form.place} does not begin with "${form.prefix}".${hint}`;
}

/** Prefixes that senders commonly use: what is shown is one of these, never what was sent. */
const KNOWN_PREFIXES = ["sha1=", "sha256=", "sha512=", "v0=", "v1=", "v1,", "v1a,", "t="];

function foreignPrefix(text: string): string {
  const found = KNOWN_PREFIXES.find((prefix) => text.startsWith(prefix));
  return found === undefined ? "" : ` It begins with "${found}".`;
}

function expectation({ place, algorithm, encoding }: SignatureForm): string {
  return `The signature in ${place} must be ${DIGEST_BYTES[algorithm]} bytes (${ALGORITHM_NAMES[algorithm]}) in ${encoding}.`;
}

function observation(text: string, { encoding, prefix, algorithm }: SignatureForm): string {
  if (prefix === "" && KNOWN_PREFIXES.some((known) => text.startsWith(known))) return foreignPrefix(text).trim();
  const other: SignatureEncoding = encoding === "hex" ? "base64" : "hex";
  // 64 hex digits are base64 of 48 bytes as well: whichever has a digest's length is meant.
  for (const candidate of [encoding, other]) {
    const size = decode(text, candidate)?.length;
    const found = (Object.keys(DIGEST_BYTES) as HmacAlgorithm[]).find((name) => DIGEST_BYTES[name] === size);
    if (found === undefined) continue;
    return candidate === encoding
      ? `It is as long as one by ${ALGORITHM_NAMES[found]}.`
      : `It is in ${other}${found === algorithm ? "" : `, as long as one by ${ALGORITHM_NAMES[found]}`}.`;
  }
  if (decode(text, encoding) !== null) return `It is in ${encoding}, of another length.`;
  return encoding === "base64" ? base64Fault(text) : "";
}

const BASE64URL = /^[A-Za-z0-9_-]+={0,2}$/;

function base64Fault(text: string): string {
  if (/[-_]/.test(text) && BASE64URL.test(text)) return "It is in base64url.";
  return /^[A-Za-z0-9+/]+$/.test(text) ? "It looks like base64 without its padding." : "";
}

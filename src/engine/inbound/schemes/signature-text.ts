/** Signatures as text: decoded strictly, and described when they are malformed. */
import { SIGNATURES_COUNT_MAX } from "../../../domain/limits.ts";
import { type HmacAlgorithm, type Rejected, rejected, type SignatureEncoding } from "./signature.ts";

const DIGEST_BYTES: Readonly<Record<HmacAlgorithm, number>> = { sha1: 20, sha256: 32, sha512: 64 };
const ALGORITHM_NAMES: Readonly<Record<HmacAlgorithm, string>> = {
  sha1: "SHA-1",
  sha256: "SHA-256",
  sha512: "SHA-512",
};
const HEX = /^(?:[0-9a-f]{2})+$/i;

export interface SignatureFormat {
  /** Where the signature is, for the explanation. */
  readonly location: string;
  readonly prefix: string;
  readonly algorithm: HmacAlgorithm;
  readonly encoding: SignatureEncoding;
}

export type SignaturesRead = { readonly kind: "signatures"; readonly given: readonly Buffer[] } | Rejected;

/** The well-formed signatures; when there is none, what is wrong with the first text. */
export function readSignatures(texts: readonly string[], format: SignatureFormat): SignaturesRead {
  const given = texts.slice(0, SIGNATURES_COUNT_MAX).flatMap((text) => readSignature(text, format) ?? []);
  return given.length > 0
    ? { kind: "signatures", given }
    : rejected("signature_malformed", signatureFault(texts[0] ?? "", format));
}

/**
 * The signatures of a header that may have several, separated by commas, semicolons or spaces. A sender that changes its
 * secret signs with both secrets for a while, and a header that is sent twice is joined with a comma.
 */
export function readSignatureList(text: string, format: SignatureFormat): SignaturesRead {
  const read = readSignatures(signaturesIn(text, format.prefix), format);
  return read.kind === "signatures" ? read : rejected("signature_malformed", signatureFault(text, format));
}

/** Whether a header has signatures in it and nothing else. */
export function isSignatureList(text: string, format: SignatureFormat): boolean {
  const signatures = signaturesIn(text, format.prefix);
  const others = signatures.reduce((rest, signature) => rest.replace(signature, ""), text);
  return ONLY_SEPARATORS.test(others) && signatures.every((signature) => readSignature(signature, format) !== null);
}

const SEPARATORS = /[\s,;]+/;
const ONLY_SEPARATORS = /^[\s,;]*$/;

function signaturesIn(text: string, prefix: string): readonly string[] {
  if (!SEPARATORS.test(prefix)) return text.split(SEPARATORS, SIGNATURES_COUNT_MAX);
  // The prefix itself contains a separator, such as "HMAC ". A signature never does, so the prefix splits the list.
  const behind = text.split(prefix, SIGNATURES_COUNT_MAX + 1).slice(1);
  return behind.map((rest) => prefix + (rest.split(SEPARATORS, 1)[0] ?? ""));
}

function readSignature(text: string, { prefix, algorithm, encoding }: SignatureFormat): Buffer | null {
  if (!text.startsWith(prefix)) return null;
  const bytes = decode(text.slice(prefix.length), encoding);
  return bytes?.length === DIGEST_BYTES[algorithm] ? bytes : null;
}

/** Null for a text in another encoding. Hex may have either case. Base64 (RFC 4648 §4) is padded, without stray bits. */
export function decode(text: string, encoding: SignatureEncoding): Buffer | null {
  if (encoding === "hex") return HEX.test(text) ? Buffer.from(text, "hex") : null;
  const bytes = Buffer.from(text, "base64");
  return bytes.length > 0 && bytes.toString("base64") === text ? bytes : null;
}

// ── What is wrong with a signature ──────────────────────────────────────────────────────────────────────────────────

function signatureFault(text: string, format: SignatureFormat): string {
  if (!text.startsWith(format.prefix)) return prefixFault(text, format);
  return `${expectation(format)} ${observation(text.slice(format.prefix.length), format)}`.trim();
}

function prefixFault(text: string, format: SignatureFormat): string {
  const isBare = readSignature(text, { ...format, prefix: "" }) !== null;
  const hint = isBare ? " The signature is there, without the prefix." : foreignPrefix(text);
  return `The signature in ${format.location} does not begin with "${format.prefix}".${hint}`;
}

/** Prefixes that senders commonly use. An explanation shows one of these, and never the text that was sent. */
const KNOWN_PREFIXES = ["sha1=", "sha256=", "sha512=", "v0=", "v1=", "v1,", "v1a,", "t="];

function foreignPrefix(text: string): string {
  const found = KNOWN_PREFIXES.find((prefix) => text.startsWith(prefix));
  return found === undefined ? "" : ` It begins with "${found}".`;
}

function expectation({ location, algorithm, encoding }: SignatureFormat): string {
  const bytes = `${DIGEST_BYTES[algorithm]} bytes (${ALGORITHM_NAMES[algorithm]})`;
  return `The signature in ${location} must be ${bytes} in ${encoding}.`;
}

function observation(text: string, { encoding, prefix, algorithm }: SignatureFormat): string {
  if (prefix === "" && KNOWN_PREFIXES.some((known) => text.startsWith(known))) return foreignPrefix(text).trim();
  const other: SignatureEncoding = encoding === "hex" ? "base64" : "hex";
  // 64 hex digits are also base64 of 48 bytes. The encoding that gives the length of a digest is the one that is meant.
  for (const candidate of [encoding, other]) {
    const size = decode(text, candidate)?.length;
    const found = (Object.keys(DIGEST_BYTES) as HmacAlgorithm[]).find((name) => DIGEST_BYTES[name] === size);
    if (found === undefined) continue;
    return candidate === encoding
      ? `It has the length of a ${ALGORITHM_NAMES[found]} signature.`
      : `It is in ${other}${found === algorithm ? "" : `, with the length of a ${ALGORITHM_NAMES[found]} signature`}.`;
  }
  if (decode(text, encoding) !== null) return `It is in ${encoding}, but has another length.`;
  return encoding === "base64" ? base64Fault(text) : "";
}

const BASE64URL = /^[A-Za-z0-9_-]+={0,2}$/;

function base64Fault(text: string): string {
  if (/[-_]/.test(text) && BASE64URL.test(text)) return "It is in base64url.";
  return /^[A-Za-z0-9+/]+$/.test(text) ? "It looks like base64 without its padding." : "";
}

/** Signatures that could not be read, read otherwise: in another encoding, by another algorithm, in another header. */
import type { InboundRequest } from "../../../domain/inbound/request.ts";
import { SIGNATURE_ENCODINGS, type SourceSettings } from "../../../domain/inbound/source.ts";
import type { HmacAlgorithm, Proof } from "../schemes/claim.ts";
import { CLAIMS, type SigningScheme } from "../schemes/index.ts";
import { isRight } from "../verify-claim.ts";
import { type Place, placesOf } from "./places.ts";

/**
 * What is wrong with a signature that the scheme could not read, when it would be right but for how or where it is
 * written; null when nothing in its place can be a signature. A few HMACs.
 */
export function encodingFinding(
  scheme: SigningScheme,
  settings: SourceSettings,
  secrets: readonly string[],
  request: InboundRequest,
): string | null {
  let isAny = false;
  for (const place of placesOf(scheme, settings, request)) {
    const readings = readingsOf(place.text);
    const readable = readings.length === 0 ? null : readableAt(place, scheme, settings);
    if (readable === null) continue;
    const { proof, body } = readable;
    const right = readings.find(({ algorithm, bytes }) =>
      isRight({ ...proof, algorithm, given: [bytes] }, secrets, body),
    );
    if (right !== undefined) return described(right, place, scheme);
    isAny ||= place.foundIn === null;
  }
  return isAny ? "However it is read, it does not fit the request either." : null;
}

// ── What it proves ──────────────────────────────────────────────────────────────────────────────────────────────────

const DIGEST_BYTES: Readonly<Record<HmacAlgorithm, number>> = { sha1: 20, sha256: 32, sha512: 64 };

/** What a signature that can be read would have to prove, and the body that it stands for. */
function readableAt(
  place: Place,
  scheme: SigningScheme,
  settings: SourceSettings,
): { readonly proof: Proof; readonly body: Uint8Array } | null {
  const standIn = Buffer.alloc(DIGEST_BYTES[place.algorithm]);
  const request = place.with(standIn);
  const claim = CLAIMS[scheme](request, settings);
  if (claim.kind === "rejected") return null;
  const proof = claim.proofs.find(({ given }) => given.some((bytes) => standIn.equals(bytes)));
  return proof === undefined ? null : { proof, body: request.body };
}

// ── What it may be ──────────────────────────────────────────────────────────────────────────────────────────────────

interface Reading {
  readonly bytes: Buffer;
  readonly algorithm: HmacAlgorithm;
  /** What it was decoded from, in words. */
  readonly encoding: string;
}

const TOKENS_COUNT_MAX = 6;
const TOKEN_CHARS_MAX = 200;
/** `sha256=`, `v1=`, `t=`, but not a base64 that ends in `=`. */
const LABEL = /^[A-Za-z][A-Za-z0-9_-]{0,15}=(?=[A-Za-z0-9])/;

function readingsOf(text: string): readonly Reading[] {
  const tokens = text.split(/[\s,;]+/).slice(0, TOKENS_COUNT_MAX);
  return tokens
    .map((token) => token.replace(LABEL, "").replaceAll(/^["':]+|["':]+$/g, ""))
    .filter((token) => token.length <= TOKEN_CHARS_MAX)
    .flatMap(decodings);
}

const HEX = /^(?:[0-9a-f]{2})+$/i;
const ANY_BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

function decodings(token: string): readonly Reading[] {
  const hex = HEX.test(token) ? reading(Buffer.from(token, "hex"), "hex") : [];
  if (!ANY_BASE64.test(token)) return hex;
  const bytes = Buffer.from(token, "base64");
  const digits = bytes.toString("latin1");
  const doubly = HEX.test(digits) ? reading(Buffer.from(digits, "hex"), "hex digits in base64") : [];
  return [...hex, ...reading(bytes, base64Name(token)), ...doubly];
}

function base64Name(token: string): string {
  if (/[-_]/.test(token)) return "base64url";
  return token.length % 4 === 0 ? "base64" : "base64 without its padding";
}

function reading(bytes: Buffer, encoding: string): readonly Reading[] {
  const algorithm = ALGORITHMS.find((name) => DIGEST_BYTES[name] === bytes.length);
  return algorithm === undefined ? [] : [{ bytes, algorithm, encoding }];
}

const ALGORITHMS = ["sha256", "sha1", "sha512"] as const;
const ALGORITHM_NAMES: Readonly<Record<HmacAlgorithm, string>> = {
  sha1: "SHA-1",
  sha256: "SHA-256",
  sha512: "SHA-512",
};

// ── In words ────────────────────────────────────────────────────────────────────────────────────────────────────────

const SETTABLE: readonly string[] = SIGNATURE_ENCODINGS;

function described({ algorithm, encoding }: Reading, place: Place, scheme: SigningScheme): string {
  const isOtherAlgorithm = algorithm !== place.algorithm;
  const isOtherEncoding = encoding !== place.encoding;
  const decoded = isOtherEncoding ? `decoded from ${encoding} ` : "";
  const fit = `${decoded}it fits${isOtherAlgorithm ? ` by ${ALGORITHM_NAMES[algorithm]}` : ""}`;
  if (place.foundIn !== null) return elsewhere(place.foundIn, fit, scheme);
  if (!isOtherAlgorithm && !isOtherEncoding) return "The signature itself fits: only what stands around it is wrong.";
  const wrong = [isOtherEncoding ? "encoding" : [], isOtherAlgorithm ? "algorithm" : []].flat();
  const due = [
    isOtherAlgorithm ? `sign by ${ALGORITHM_NAMES[place.algorithm]}` : [],
    isOtherEncoding ? `write it in ${place.encoding}` : [],
  ].flat();
  const canBeSet = scheme === "hmac" && SETTABLE.includes(encoding);
  const ours = canBeSet ? ", or the source has to be set to what it does" : "";
  return `Wrong ${wrong.join(" and ")}: ${fit}. The sender has to ${due.join(" and ")}${ours}.`;
}

function elsewhere(name: string, fit: string, scheme: SigningScheme): string {
  const ours =
    scheme === "hmac" ? "this source has to name that one" : 'a source of scheme "hmac" has to name that one';
  return `But what is in ${name} is such a signature: ${fit}. The sender has to use the other header, or ${ours}.`;
}

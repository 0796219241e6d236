/**
 * Scheme `jcs` (docs/inbound.md, "Signing"): a header with a signature of the raw body, or a member of the body with a
 * signature of the other members.
 */
import type { InboundRequest } from "../../../domain/inbound/request.ts";
import { canonicalBody, SIGNATURE_FIELD } from "../json/jcs.ts";
import { header, similarHeaders } from "./headers.ts";
import {
  bodyAlone,
  type Content,
  type ReadSignatures,
  type Rejected,
  rejected,
  type Signature,
  type SignedRequest,
  wholeSecret,
} from "./signature.ts";
import { readSignatures } from "./signature-text.ts";

const HUB = "X-Hub-Signature-256";
const OWN = "X-Signature";
const PREFIX = "sha256=";
/** What explanations call the signature in the body. */
export const EMBEDDED_LOCATION = `the field "${SIGNATURE_FIELD}"`;

export const jcs: ReadSignatures = (request) => {
  const [first, ...others] = decidingHeaders(request).map(([name, text]) => readOne(name, text, bodyAlone));
  return first === undefined ? embedded(request) : all([first, ...others]);
};

/** An X-Signature without the prefix belongs to something else, such as a proxy. */
function decidingHeaders(request: InboundRequest): readonly (readonly [string, string])[] {
  const own = header(request, OWN);
  const hub = header(request, HUB);
  const found: [string, string][] = [];
  if (own?.startsWith(PREFIX)) found.push([OWN, own]);
  if (hub !== null) found.push([HUB, hub]);
  return found;
}

/** Why no source could have signed this body in the body itself; null when one could, or when headers decide. */
export function embeddedFault(request: InboundRequest): string | null {
  if (decidingHeaders(request).length > 0) return null;
  const body = canonicalBody(request.body);
  return body.kind === "canonical" ? null : body.why;
}

type SignatureRead = { readonly kind: "signature"; readonly signature: Signature } | Rejected;

function readOne(location: string, text: string, contentsOf: Signature["contentsOf"]): SignatureRead {
  const read = readSignatures([text], { location, prefix: PREFIX, algorithm: "sha256", encoding: "hex" });
  if (read.kind === "rejected") return read;
  const signature = { location, algorithm: "sha256", given: read.given, keyOf: wholeSecret, contentsOf } as const;
  return { kind: "signature", signature };
}

function all(reads: readonly [SignatureRead, ...SignatureRead[]]): SignedRequest | Rejected {
  const signatures: Signature[] = [];
  for (const read of reads) {
    if (read.kind === "rejected") return read;
    signatures.push(read.signature);
  }
  return { kind: "signed", timestamp: null, signatures: signatures as [Signature, ...Signature[]] };
}

function embedded(request: InboundRequest): SignedRequest | Rejected {
  const body = canonicalBody(request.body);
  if (body.kind !== "canonical") return rejected("body_unreadable", body.why);
  const { removed } = body;
  if (removed === undefined || removed === null) return rejected("signature_missing", missing(request));
  if (typeof removed !== "string") return rejected("signature_malformed", NOT_A_STRING);
  return all([readOne(EMBEDDED_LOCATION, removed, canonicalContent)]);
}

const NOT_A_STRING = `The signature in ${EMBEDDED_LOCATION} is not a string.`;

function canonicalContent(body: Uint8Array): readonly Content[] {
  const canonical = canonicalBody(body);
  return canonical.kind === "canonical" ? [[canonical.text]] : [];
}

function missing(request: InboundRequest): string {
  const own = header(request, OWN);
  const similar = similarHeaders(request);
  const others = similar.length === 0 ? "" : ` These headers are present: ${similar.join(", ")}.`;
  const hint = own === null ? others : ` ${OWN} is present, but does not begin with "${PREFIX}".`;
  return `There is no signature in ${OWN}, in ${HUB} or in ${EMBEDDED_LOCATION} of the body.${hint}`;
}

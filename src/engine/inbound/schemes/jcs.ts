/** Contract, section 8: a signature in a header over the raw body, or in the body over the rest of it. */
import type { InboundRequest } from "../../../domain/inbound/request.ts";
import { canonicalBody, SIGNATURE_FIELD } from "../json/jcs.ts";
import { bodyAlone, type Claim, type Content, type Proof, type ReadClaim, rejected, wholeSecret } from "./claim.ts";
import { readSignatures } from "./encoding.ts";
import { header, similarHeaders } from "./headers.ts";

const HUB = "X-Hub-Signature-256";
const OWN = "X-Signature";
const PREFIX = "sha256=";
/** What explanations call it. */
export const EMBEDDED_PLACE = `the field "${SIGNATURE_FIELD}"`;

export const jcs: ReadClaim = (request) => {
  const [first, ...others] = deciding(request).map(([name, text]) => headerProof(name, text));
  return first === undefined ? embedded(request) : all([first, ...others]);
};

/** An X-Signature of another form is somebody else's header. */
function deciding(request: InboundRequest): readonly (readonly [string, string])[] {
  const own = header(request, OWN);
  const hub = header(request, HUB);
  const found: [string, string][] = [];
  if (own?.startsWith(PREFIX)) found.push([OWN, own]);
  if (hub !== null) found.push([HUB, hub]);
  return found;
}

/** Why the body cannot have a signature in it, whosever it is; null when it may, or when headers decide. */
export function embeddedFault(request: InboundRequest): string | null {
  if (deciding(request).length > 0) return null;
  const body = canonicalBody(request.body);
  return body.kind === "canonical" ? null : body.why;
}

type ProofRead = ReturnType<typeof headerProof>;

function headerProof(place: string, text: string) {
  const read = readSignatures([text], { place, prefix: PREFIX, algorithm: "sha256", encoding: "hex" });
  return read.kind === "rejected" ? read : proofOf(place, read.given, bodyAlone);
}

function proofOf(place: string, given: readonly Buffer[], contentsOf: Proof["contentsOf"]) {
  return { kind: "proof", proof: { place, algorithm: "sha256", given, keyOf: wholeSecret, contentsOf } } as const;
}

function all(reads: readonly [ProofRead, ...ProofRead[]]): Claim {
  const proofs: Proof[] = [];
  for (const read of reads) {
    if (read.kind === "rejected") return read;
    proofs.push(read.proof);
  }
  return { kind: "signed", stamp: null, proofs: proofs as [Proof, ...Proof[]] };
}

function embedded(request: InboundRequest): Claim {
  const body = canonicalBody(request.body);
  if (body.kind !== "canonical") return rejected("body_unreadable", body.why);
  if (body.removed === undefined || body.removed === null) return rejected("signature_missing", nowhere(request));
  if (typeof body.removed !== "string")
    return rejected("signature_malformed", `What is in ${EMBEDDED_PLACE} is not a string.`);
  const read = readSignatures([body.removed], {
    place: EMBEDDED_PLACE,
    prefix: PREFIX,
    algorithm: "sha256",
    encoding: "hex",
  });
  if (read.kind === "rejected") return read;
  const contentsOf = (other: Uint8Array): readonly Content[] => {
    const canonical = canonicalBody(other);
    return canonical.kind === "canonical" ? [[canonical.text]] : [];
  };
  return all([proofOf(EMBEDDED_PLACE, read.given, contentsOf)]);
}

function nowhere(request: InboundRequest): string {
  const own = header(request, OWN);
  const similar = similarHeaders(request);
  const others = similar.length === 0 ? "" : ` There is ${similar.join(", ")}.`;
  const hint = own === null ? others : ` ${OWN} is there, but does not begin with "${PREFIX}".`;
  return `There is no signature: not in ${OWN}, not in ${HUB}, and not in ${EMBEDDED_PLACE} of the body.${hint}`;
}

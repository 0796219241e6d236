/** The schemes that sign the body alone, with one signature in one header. */
import type { HmacAlgorithm, ReadClaim, SignatureEncoding } from "./claim.ts";
import { bodyAlone, wholeSecret } from "./claim.ts";
import { readSignatures } from "./encoding.ts";
import { header, missingHeader } from "./headers.ts";

interface BareForm {
  /** The first of these that is there. */
  readonly headers: readonly [string, ...string[]];
  readonly prefix: string;
  readonly algorithm: HmacAlgorithm;
  readonly encoding: SignatureEncoding;
}

/** GitHub documentation, "Validating webhook deliveries". The older X-Hub-Signature (SHA-1) is not accepted. */
export const github = bare({
  headers: ["X-Hub-Signature-256"],
  prefix: "sha256=",
  algorithm: "sha256",
  encoding: "hex",
});

/** Shopify documentation, "Deliver webhooks through HTTPS"; the second is of what it calls events rather than webhooks. */
export const shopify = bare({
  headers: ["X-Shopify-Hmac-Sha256", "Shopify-Hmac-Sha256"],
  prefix: "",
  algorithm: "sha256",
  encoding: "base64",
});

/** Contract, section 5. */
export const pausepoint = bare({
  headers: ["X-PausePoint-Signature"],
  prefix: "sha256=",
  algorithm: "sha256",
  encoding: "hex",
});

function bare(form: BareForm): ReadClaim {
  const { algorithm, headers } = form;
  return (request) => {
    const place = headers.find((name) => header(request, name) !== null) ?? headers[0];
    const text = header(request, place);
    if (text === null) return missingHeader(request, place);
    const read = readSignatures([text], { ...form, place });
    if (read.kind === "rejected") return read;
    const proof = { place, algorithm, given: read.given, keyOf: wholeSecret, contentsOf: bodyAlone };
    return { kind: "signed", stamp: null, proofs: [proof] };
  };
}

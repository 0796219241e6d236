/** The schemes that sign the body alone, with one signature in one header. */
import type { HmacAlgorithm, ReadClaim, SignatureEncoding } from "./claim.ts";
import { bodyAlone, wholeSecret } from "./claim.ts";
import { readSignatures } from "./encoding.ts";
import { header, missingHeader } from "./headers.ts";

interface BareForm {
  readonly header: string;
  readonly prefix: string;
  readonly algorithm: HmacAlgorithm;
  readonly encoding: SignatureEncoding;
}

/** GitHub documentation, "Validating webhook deliveries". The older X-Hub-Signature (SHA-1) is not accepted. */
export const github = bare({ header: "X-Hub-Signature-256", prefix: "sha256=", algorithm: "sha256", encoding: "hex" });

/** Shopify documentation, "Deliver webhooks through HTTPS". */
export const shopify = bare({ header: "X-Shopify-Hmac-Sha256", prefix: "", algorithm: "sha256", encoding: "base64" });

/** Contract, section 5. */
export const pausepoint = bare({
  header: "X-PausePoint-Signature",
  prefix: "sha256=",
  algorithm: "sha256",
  encoding: "hex",
});

function bare(form: BareForm): ReadClaim {
  const { algorithm } = form;
  return (request) => {
    const text = header(request, form.header);
    if (text === null) return missingHeader(request, form.header);
    const read = readSignatures([text], { ...form, place: form.header });
    if (read.kind === "rejected") return read;
    const proof = { place: form.header, algorithm, given: read.given, keyOf: wholeSecret, contentsOf: bodyAlone };
    return { kind: "signed", stamp: null, proofs: [proof] };
  };
}

/** The schemes that sign only the body, with one signature in one header. */
import { header, missingHeader } from "./headers.ts";
import {
  bodyAlone,
  type HmacAlgorithm,
  type ReadSignatures,
  type SignatureEncoding,
  wholeSecret,
} from "./signature.ts";
import { readSignatures } from "./signature-text.ts";

interface BodyOnlyScheme {
  /** The scheme uses the first of these headers that is present. */
  readonly headers: readonly [string, ...string[]];
  readonly prefix: string;
  readonly algorithm: HmacAlgorithm;
  readonly encoding: SignatureEncoding;
}

/** GitHub documentation, "Validating webhook deliveries". The older X-Hub-Signature (SHA-1) is not accepted. */
export const github = signsBody({
  headers: ["X-Hub-Signature-256"],
  prefix: "sha256=",
  algorithm: "sha256",
  encoding: "hex",
});

/**
 * Shopify documentation, "Deliver webhooks through HTTPS". The second header comes with what Shopify calls events rather
 * than webhooks.
 */
export const shopify = signsBody({
  headers: ["X-Shopify-Hmac-Sha256", "Shopify-Hmac-Sha256"],
  prefix: "",
  algorithm: "sha256",
  encoding: "base64",
});

/** The format `pausepoint` of docs/endpoints.md. */
export const pausepoint = signsBody({
  headers: ["X-PausePoint-Signature"],
  prefix: "sha256=",
  algorithm: "sha256",
  encoding: "hex",
});

function signsBody(scheme: BodyOnlyScheme): ReadSignatures {
  const { algorithm, headers } = scheme;
  return (request) => {
    const location = headers.find((name) => header(request, name) !== null) ?? headers[0];
    const text = header(request, location);
    if (text === null) return missingHeader(request, location);
    const read = readSignatures([text], { ...scheme, location });
    if (read.kind === "rejected") return read;
    const signature = { location, algorithm, given: read.given, keyOf: wholeSecret, contentsOf: bodyAlone };
    return { kind: "signed", timestamp: null, signatures: [signature] };
  };
}

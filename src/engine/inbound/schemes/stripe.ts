/** Stripe documentation, "Verify webhook signatures manually": `Stripe-Signature: t=…,v1=…[,v1=…][,v0=…]`. */
import { INBOUND_TOLERANCE_SECONDS } from "../../../domain/limits.ts";
import { type ReadClaim, rejected, wholeSecret } from "./claim.ts";
import { readSignatures } from "./encoding.ts";
import { header, missingHeader, readStamp } from "./headers.ts";

const HEADER = "Stripe-Signature";
const FORM = { place: `${HEADER} (v1)`, prefix: "", algorithm: "sha256", encoding: "hex" } as const;

export const stripe: ReadClaim = (request) => {
  const text = header(request, HEADER);
  if (text === null) return missingHeader(request, HEADER);
  const timestamps = valuesOf(text, "t=");
  if (timestamps.length !== 1) {
    const what = timestamps.length === 0 ? "no" : "more than one";
    return rejected("header_malformed", `${HEADER} has ${what} "t=" part; it must be "t=<Unix seconds>,v1=<hex>".`);
  }
  const signatures = valuesOf(text, "v1=");
  if (signatures.length === 0) return rejected("signature_missing", `${HEADER} has no "v1=" part.`);
  const read = readSignatures(signatures, FORM);
  if (read.kind === "rejected") return read;
  const time = readStamp(timestamps[0] ?? "", `${HEADER} (t)`, INBOUND_TOLERANCE_SECONDS);
  if (time.kind === "rejected") return time;
  const proof = {
    place: FORM.place,
    algorithm: FORM.algorithm,
    given: read.given,
    keyOf: wholeSecret,
    contentsOf: (body: Uint8Array) => [[`${time.text}.`, body]],
  };
  return { kind: "signed", stamp: time.stamp, proofs: [proof] };
};

function valuesOf(header: string, key: string): readonly string[] {
  const parts = header.split(",").map((part) => part.trim());
  return parts.filter((part) => part.startsWith(key)).map((part) => part.slice(key.length));
}

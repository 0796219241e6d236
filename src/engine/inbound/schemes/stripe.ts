/** Stripe documentation, "Verify webhook signatures manually": `Stripe-Signature: t=…,v1=…[,v1=…][,v0=…]`. */
import { INBOUND_TOLERANCE_SECONDS } from "../../../domain/limits.ts";
import { header, missingHeader, readTimestamp } from "./headers.ts";
import { type ReadSignatures, rejected, wholeSecret } from "./signature.ts";
import { readSignatures } from "./signature-text.ts";

const HEADER = "Stripe-Signature";
const FORMAT = { location: `${HEADER} (v1)`, prefix: "", algorithm: "sha256", encoding: "hex" } as const;

export const stripe: ReadSignatures = (request) => {
  const text = header(request, HEADER);
  if (text === null) return missingHeader(request, HEADER);
  const timestamps = valuesOf(text, "t=");
  if (timestamps.length !== 1) {
    const what = timestamps.length === 0 ? "no" : "more than one";
    return rejected("header_malformed", `${HEADER} has ${what} "t=" part; it must be "t=<Unix seconds>,v1=<hex>".`);
  }
  const texts = valuesOf(text, "v1=");
  if (texts.length === 0) return rejected("signature_missing", `${HEADER} has no "v1=" part.`);
  const read = readSignatures(texts, FORMAT);
  if (read.kind === "rejected") return read;
  const time = readTimestamp(timestamps[0] ?? "", `${HEADER} (t)`, INBOUND_TOLERANCE_SECONDS);
  if (time.kind === "rejected") return time;
  const signature = {
    location: FORMAT.location,
    algorithm: FORMAT.algorithm,
    given: read.given,
    keyOf: wholeSecret,
    contentsOf: (body: Uint8Array) => [[`${time.text}.`, body]],
  };
  return { kind: "signed", timestamp: time.timestamp, signatures: [signature] };
};

function valuesOf(header: string, key: string): readonly string[] {
  const parts = header.split(",").map((part) => part.trim());
  return parts.filter((part) => part.startsWith(key)).map((part) => part.slice(key.length));
}

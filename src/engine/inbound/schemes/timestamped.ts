/** The schemes that sign a timestamp and the body. Timestamp and signature each have a header. */
import { INBOUND_TOLERANCE_SECONDS } from "../../../domain/limits.ts";
import { header, missingHeader, readTimestampHeader } from "./headers.ts";
import { type ReadSignatures, wholeSecret } from "./signature.ts";
import { readSignatures } from "./signature-text.ts";

interface TimestampedScheme {
  readonly signatureHeader: string;
  readonly timestampHeader: string;
  readonly prefix: string;
  /** What is signed before the body. */
  readonly beforeBody: (timestamp: string) => string;
}

/** Slack documentation, "Verifying requests from Slack". */
export const slack = signsTimestamp({
  signatureHeader: "X-Slack-Signature",
  timestampHeader: "X-Slack-Request-Timestamp",
  prefix: "v0=",
  beforeBody: (timestamp) => `v0:${timestamp}:`,
});

/** The format `pacspace` of docs/endpoints.md. */
export const pacspace = signsTimestamp({
  signatureHeader: "X-PacSpace-Signature",
  timestampHeader: "X-PacSpace-Timestamp",
  prefix: "v1=",
  beforeBody: (timestamp) => `${timestamp}.`,
});

const HEX_SHA256 = { algorithm: "sha256", encoding: "hex" } as const;

function signsTimestamp(scheme: TimestampedScheme): ReadSignatures {
  const location = scheme.signatureHeader;
  return (request) => {
    const text = header(request, location);
    if (text === null) return missingHeader(request, location);
    const read = readSignatures([text], { location, prefix: scheme.prefix, ...HEX_SHA256 });
    if (read.kind === "rejected") return read;
    const time = readTimestampHeader(request, scheme.timestampHeader, INBOUND_TOLERANCE_SECONDS);
    if (time.kind === "rejected") return time;
    const signature = {
      location,
      algorithm: "sha256",
      given: read.given,
      keyOf: wholeSecret,
      contentsOf: (body: Uint8Array) => [[scheme.beforeBody(time.text), body]],
    } as const;
    return { kind: "signed", timestamp: time.timestamp, signatures: [signature] };
  };
}

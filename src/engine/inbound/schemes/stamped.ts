/** The schemes that sign a timestamp and the body, each in a header of its own. */
import { INBOUND_TOLERANCE_SECONDS } from "../../../domain/limits.ts";
import { type ReadClaim, wholeSecret } from "./claim.ts";
import { readSignatures } from "./encoding.ts";
import { header, missingHeader, readStampHeader } from "./headers.ts";

interface StampedForm {
  readonly signature: string;
  readonly timestamp: string;
  readonly prefix: string;
  /** What is signed before the body. */
  readonly ahead: (timestamp: string) => string;
}

/** Slack documentation, "Verifying requests from Slack". */
export const slack = stamped({
  signature: "X-Slack-Signature",
  timestamp: "X-Slack-Request-Timestamp",
  prefix: "v0=",
  ahead: (timestamp) => `v0:${timestamp}:`,
});

/** Contract, section 5. */
export const pacspace = stamped({
  signature: "X-PacSpace-Signature",
  timestamp: "X-PacSpace-Timestamp",
  prefix: "v1=",
  ahead: (timestamp) => `${timestamp}.`,
});

const HEX_SHA256 = { algorithm: "sha256", encoding: "hex" } as const;

function stamped(form: StampedForm): ReadClaim {
  return (request) => {
    const text = header(request, form.signature);
    if (text === null) return missingHeader(request, form.signature);
    const read = readSignatures([text], { place: form.signature, prefix: form.prefix, ...HEX_SHA256 });
    if (read.kind === "rejected") return read;
    const time = readStampHeader(request, form.timestamp, INBOUND_TOLERANCE_SECONDS);
    if (time.kind === "rejected") return time;
    const proof = {
      place: form.signature,
      algorithm: "sha256",
      given: read.given,
      keyOf: wholeSecret,
      contentsOf: (body: Uint8Array) => [[form.ahead(time.text), body]],
    } as const;
    return { kind: "signed", stamp: time.stamp, proofs: [proof] };
  };
}

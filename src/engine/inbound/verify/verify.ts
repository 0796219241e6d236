/** Whether a request comes from its source, by the source's one scheme. */
import type { EpochMs } from "../../../domain/ids.ts";
import type { InboundRequest, Verification } from "../../../domain/inbound/request.ts";
import type { SourceSettings } from "../../../domain/inbound/source.ts";
import { loopFault } from "../loops.ts";
import { verifyBasic } from "../schemes/basic.ts";
import { rejected, type SignedRequest } from "../schemes/signature.ts";
import { SIGNING_SCHEMES } from "../schemes/signing-schemes.ts";
import { matches, timestampFault } from "./check-signature.ts";

const VERIFIED: Verification = { kind: "verified" };

/**
 * Check a request, the cheapest checks first, so that a flood of forged requests costs little: missing or malformed
 * headers, a wrong timestamp, and then one HMAC for each secret. `explainRejection` searches for the cause of a mismatch
 * later, when somebody reads the record.
 *
 * @param secrets    one of which has to match
 * @param receivedAt the time that timestamps are compared with: now, or when a stored request arrived
 */
export function verifyRequest(
  settings: SourceSettings,
  secrets: readonly string[],
  request: InboundRequest,
  receivedAt: EpochMs,
): Verification {
  const verification = verifySender(settings, secrets, request, receivedAt);
  // The loop check comes last, so that its response tells only the real sender that the source exists.
  return verification.kind === "verified" ? (loopFault(request) ?? verification) : verification;
}

function verifySender(
  settings: SourceSettings,
  secrets: readonly string[],
  request: InboundRequest,
  receivedAt: EpochMs,
): Verification {
  if (settings.scheme === "none") return VERIFIED;
  // HMAC accepts an empty key, which anybody could sign with.
  const usable = secrets.filter((secret) => secret !== "");
  if (usable.length === 0) return rejected("source_unusable", "The source has no secret.");
  if (settings.scheme === "basic") {
    if (settings.basic === null) return rejected("source_unusable", "The source has no user name.");
    return verifyBasic(request, settings.basic, usable);
  }
  const read = SIGNING_SCHEMES[settings.scheme](request, settings);
  return read.kind === "rejected" ? read : verifySigned(read, usable, request.body, receivedAt);
}

function verifySigned(
  { timestamp, signatures }: SignedRequest,
  secrets: readonly string[],
  body: Uint8Array,
  receivedAt: EpochMs,
): Verification {
  const fault = timestamp === null ? null : timestampFault(timestamp, receivedAt);
  if (fault !== null) return fault;
  const wrong = signatures.find((signature) => !matches(signature, secrets, body));
  return wrong === undefined ? VERIFIED : rejected("signature_mismatch", mismatch(wrong.location));
}

function mismatch(location: string): string {
  return `The signature in ${location} does not match this request and the source's secret.`;
}

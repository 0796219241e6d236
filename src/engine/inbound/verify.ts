/** Whether a request comes from its source, by the source's one scheme. */
import type { EpochMs } from "../../domain/ids.ts";
import type { InboundRequest, Verification } from "../../domain/inbound/request.ts";
import type { SourceSettings } from "../../domain/inbound/source.ts";
import { loopFault } from "./loops.ts";
import { rejected, type Signed } from "./schemes/claim.ts";
import { verifyBasic } from "./schemes/credentials.ts";
import { CLAIMS } from "./schemes/index.ts";
import { isRight, stampFault } from "./verify-claim.ts";

const VERIFIED: Verification = { kind: "verified" };

/**
 * Refusals come in the order of what they cost, so that a flood of forged requests is cheap: headers that are missing or
 * malformed, a timestamp that is off, and only then one HMAC for each secret. What it would take to explain a
 * signature that does not fit is left to `explainRejection`.
 *
 * @param secrets    one of which has to fit
 * @param receivedAt what timestamps are compared with: now, or when a kept request came
 */
export function verifyRequest(
  settings: SourceSettings,
  secrets: readonly string[],
  request: InboundRequest,
  receivedAt: EpochMs,
): Verification {
  const verification = verifySender(settings, secrets, request, receivedAt);
  // Last: nobody else learns whether a source is there.
  return verification.kind === "verified" ? (loopFault(request) ?? verification) : verification;
}

function verifySender(
  settings: SourceSettings,
  secrets: readonly string[],
  request: InboundRequest,
  receivedAt: EpochMs,
): Verification {
  if (settings.scheme === "none") return VERIFIED;
  // An empty key signs as well as any other, and everybody knows it.
  const usable = secrets.filter((secret) => secret !== "");
  if (usable.length === 0) return rejected("source_unusable", "The source has no secret.");
  if (settings.scheme === "basic") {
    if (settings.basic === null) return rejected("source_unusable", "The source has no user name.");
    return verifyBasic(request, settings.basic, usable);
  }
  const claim = CLAIMS[settings.scheme](request, settings);
  return claim.kind === "rejected" ? claim : verifySigned(claim, usable, request.body, receivedAt);
}

function verifySigned(claim: Signed, secrets: readonly string[], body: Uint8Array, receivedAt: EpochMs): Verification {
  const untimely = claim.stamp === null ? null : stampFault(claim.stamp, receivedAt);
  if (untimely !== null) return untimely;
  const wrong = claim.proofs.find((proof) => !isRight(proof, secrets, body));
  return wrong === undefined ? VERIFIED : rejected("signature_mismatch", MISMATCH(wrong.place));
}

const MISMATCH = (place: string): string =>
  `The signature in ${place} does not fit: the source's secret makes another one of this request.`;

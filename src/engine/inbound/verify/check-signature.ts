/** The two checks of a signed request: whether it was signed recently, and whether it was signed with the secret. */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { EpochMs } from "../../../domain/ids.ts";
import { type Content, type Rejected, rejected, type Signature, type Timestamp } from "../schemes/signature.ts";

/** Limits both directions: with a clock that is ahead, a request could be repeated for longer. */
export function timestampFault({ header, seconds, toleranceSeconds }: Timestamp, receivedAt: EpochMs): Rejected | null {
  const ageSeconds = Math.floor(receivedAt / 1000) - seconds;
  if (Math.abs(ageSeconds) <= toleranceSeconds) return null;
  const isOld = ageSeconds > 0;
  const off = `${Math.abs(ageSeconds)} s ${isOld ? "before" : "after"} the request arrived`;
  const explanation = `${header} is ${off}; ${toleranceSeconds} s are allowed. ${isOld ? OLD_ADVICE : FUTURE_ADVICE}`;
  return rejected(isOld ? "timestamp_too_old" : "timestamp_in_future", explanation);
}

const OLD_ADVICE = "The sender's clock is slow, the request was delayed, or somebody repeated it.";
const FUTURE_ADVICE = "The sender's clock is ahead, or this server's clock is behind.";

/**
 * Whether one of the secrets gives one of the signatures.
 *
 * @param body the request's body, or another one that the sender may have signed
 */
export function matches(signature: Signature, secrets: readonly string[], body: Uint8Array): boolean {
  const keys = secrets.map(signature.keyOf);
  return signature.contentsOf(body).some((content) => keys.some((key) => isSignedWith(key, signature, content)));
}

export function isSignedWith(key: Uint8Array, { algorithm, given }: Signature, content: Content): boolean {
  const hmac = createHmac(algorithm, key);
  for (const part of content) hmac.update(part);
  const expected = hmac.digest();
  return given.some((bytes) => bytes.length === expected.length && timingSafeEqual(bytes, expected));
}

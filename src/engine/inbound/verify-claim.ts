/** The two things that a claim comes to: whether it is of now, and whether it was made with the secret. */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { EpochMs } from "../../domain/ids.ts";
import { type Content, type Proof, type Rejected, rejected, type Stamp } from "./schemes/claim.ts";

/** Both ways: a clock that is ahead would let a request be repeated for longer. */
export function stampFault({ header, seconds, toleranceSeconds }: Stamp, receivedAt: EpochMs): Rejected | null {
  const ageSeconds = Math.floor(receivedAt / 1000) - seconds;
  if (Math.abs(ageSeconds) <= toleranceSeconds) return null;
  const allowed = `${toleranceSeconds} s are allowed`;
  return ageSeconds > 0
    ? rejected(
        "timestamp_too_old",
        `${header} is ${ageSeconds} s before the request came; ${allowed}. A slow clock, a delay on the way, or a repeat.`,
      )
    : rejected(
        "timestamp_in_future",
        `${header} is ${-ageSeconds} s after the request came; ${allowed}. The sender's clock is ahead, or this one behind.`,
      );
}

/** Whether one of the secrets makes one of the given signatures, of the body or of another that stands for it. */
export function isRight(proof: Proof, secrets: readonly string[], body: Uint8Array): boolean {
  const keys = secrets.map(proof.keyOf);
  return proof.contentsOf(body).some((content) => keys.some((key) => isSignedWith(key, proof, content)));
}

export function isSignedWith(key: Uint8Array, { algorithm, given }: Proof, content: Content): boolean {
  const hmac = createHmac(algorithm, key);
  for (const part of content) hmac.update(part);
  const expected = hmac.digest();
  return given.some((bytes) => bytes.length === expected.length && timingSafeEqual(bytes, expected));
}

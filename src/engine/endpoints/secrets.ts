/** Signing secrets that the server makes. */
import type { Clock } from "../../ports/clock.ts";

const SECRET_RANDOM_BYTES = 32;

/** The given secret, or a new one, which the caller gets to see once. */
export function secretOf(clock: Pick<Clock, "randomBase64">, secret: string | null) {
  if (secret !== null) return { secret, generatedSecret: null };
  const generatedSecret = `whsec_${clock.randomBase64(SECRET_RANDOM_BYTES)}`;
  return { secret: generatedSecret, generatedSecret };
}

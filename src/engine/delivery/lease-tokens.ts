/** Lease tokens: this node's number, then a counter. */
import type { LeaseToken } from "../../domain/ids.ts";

export interface Tokens {
  next(): LeaseToken;
  /** The first of this many consecutive tokens. */
  reserve(count: number): LeaseToken;
}

const COUNTER_BITS_SIZE = 2 ** 32;

export function createTokens(node: number): Tokens {
  let last = node * COUNTER_BITS_SIZE;
  const reserve = (count: number) => {
    const first = last + 1;
    last += count;
    return first;
  };
  return { next: () => reserve(1), reserve };
}

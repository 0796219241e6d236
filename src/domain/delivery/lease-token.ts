/** Lease tokens: the node's number × 2^32, plus a counter. So no two claims anywhere have the same token. */
import type { LeaseToken } from "../ids.ts";

export const TOKENS_PER_NODE = 2 ** 32;

/** The node that made the token. */
export function nodeOfToken(token: LeaseToken): number {
  return Math.floor(token / TOKENS_PER_NODE);
}

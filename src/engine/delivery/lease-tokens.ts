/** Lease tokens: a counter of its own for each node, so that no two claims anywhere have the same token. */
import type { LeaseToken } from "../../domain/ids.ts";

const TOKENS_PER_NODE = 2 ** 32;

export class Tokens {
  #last: number;

  constructor(node: number) {
    this.#last = node * TOKENS_PER_NODE;
  }

  next(): LeaseToken {
    return this.reserve(1);
  }

  /** The first of this many consecutive tokens. */
  reserve(count: number): LeaseToken {
    const first = this.#last + 1;
    this.#last += count;
    return first;
  }
}

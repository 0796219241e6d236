/** The lease tokens of this node. */
import { nodeOfToken, TOKENS_PER_NODE } from "../../domain/delivery/lease-token.ts";
import type { LeaseToken } from "../../domain/ids.ts";

export class Tokens {
  #last: number;

  constructor(node: number) {
    this.#last = node * TOKENS_PER_NODE;
  }

  /** This node has entered the store again, under a new number. */
  enter(node: number): void {
    this.#last = node * TOKENS_PER_NODE;
  }

  /** This node's number. */
  get node(): number {
    return nodeOfToken(this.#last);
  }

  /** Whether this node made the token under its present number. */
  isOwn(token: LeaseToken): boolean {
    return nodeOfToken(token) === this.node;
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

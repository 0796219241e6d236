/** Spreads requests over turns of the event loop, so that one tenant's burst does not delay the others by its whole length. */
import type { Seq } from "../../domain/ids.ts";
import { REQUESTS_PER_TURN_COUNT_MAX } from "../../domain/limits.ts";
import { FairQueue } from "../../engine/scheduling/fair-queue.ts";
import { nextTurn } from "../../engine/scheduling/turns.ts";

declare module "fastify" {
  interface FastifyInstance {
    requestTurns: RequestTurns;
  }
}

/** The server's connections bound how many requests wait, because each connection has one request at a time. */
export class RequestTurns {
  readonly #waiting = new FairQueue<() => void>();
  /** Requests that have begun in this turn. */
  #begun = 0;
  #hasNextTurn = false;

  /** Call `begin` at once while this turn has capacity, and in a later turn otherwise. Tenants take turns. */
  take(tenantSeq: Seq, begin: () => void): void {
    this.#planNextTurn();
    if (this.#begun >= REQUESTS_PER_TURN_COUNT_MAX) {
      this.#waiting.push(tenantSeq, begin);
      return;
    }
    this.#begun += 1;
    begin();
  }

  #planNextTurn(): void {
    if (this.#hasNextTurn) return;
    this.#hasNextTurn = true;
    void nextTurn().then(() => this.#beginWaiting());
  }

  #beginWaiting(): void {
    this.#hasNextTurn = false;
    this.#begun = 0;
    if (this.#waiting.size === 0) return;
    this.#planNextTurn();
    while (this.#begun < REQUESTS_PER_TURN_COUNT_MAX) {
      const begin = this.#waiting.next();
      if (begin === null) return;
      this.#begun += 1;
      begin();
    }
  }
}

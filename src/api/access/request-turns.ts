/** Spreads requests over turns of the event loop, so that one tenant's burst does not delay the others by its whole length. */
import type { Seq } from "../../domain/ids.ts";
import { REQUEST_TURN_BODY_BYTES, REQUESTS_PER_TURN_COUNT_MAX } from "../../domain/limits.ts";
import { FairQueue } from "../../engine/scheduling/fair-queue.ts";
import { nextTurn } from "../../engine/scheduling/turns.ts";

declare module "fastify" {
  interface FastifyInstance {
    requestTurns: RequestTurns;
  }
}

/** The server's connections bound how many requests wait, because each connection has one request at a time. */
export class RequestTurns {
  readonly #waiting = new FairQueue<Waiting>();
  /** The weight of the requests that have begun in this turn. */
  #begun = 0;
  #hasNextTurn = false;
  readonly #fits = (_: Seq, { weight }: Waiting): boolean => this.#hasCapacity(weight);

  /**
   * Call `begin` at once while this turn has capacity, and in a later turn otherwise. Tenants take turns.
   *
   * @param bodyBytes the length that the request announces; a large body counts as several requests
   */
  take(tenantSeq: Seq, bodyBytes: number, begin: () => void): void {
    const weight = 1 + bodyBytes / REQUEST_TURN_BODY_BYTES;
    this.#planNextTurn();
    if (this.#waiting.size > 0 || !this.#hasCapacity(weight)) this.#waiting.push(tenantSeq, { weight, begin });
    else this.#begin({ weight, begin });
  }

  /** A request that weighs more than a turn has the turn to itself. */
  #hasCapacity(weight: number): boolean {
    return this.#begun === 0 || this.#begun + weight <= REQUESTS_PER_TURN_COUNT_MAX;
  }

  #begin({ weight, begin }: Waiting): void {
    this.#begun += weight;
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
    for (let waiting = this.#waiting.next(this.#fits); waiting !== null; waiting = this.#waiting.next(this.#fits)) {
      this.#begin(waiting);
    }
  }
}

interface Waiting {
  readonly weight: number;
  readonly begin: () => void;
}

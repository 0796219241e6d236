/** What this node knows about the nodes that share the store. */
import { NODE_UNSURE_MS } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Heartbeat } from "../../ports/store.ts";

export class Membership {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #canBeShared: boolean;
  #count = 1;
  #isLeader: boolean;
  #heardMs: number;

  /** @param canBeShared whether other nodes may use the store, even if none was seen yet */
  constructor(clock: Pick<Clock, "monotonicMs">, canBeShared: boolean) {
    this.#clock = clock;
    this.#canBeShared = canBeShared;
    this.#isLeader = !canBeShared;
    this.#heardMs = clock.monotonicMs();
  }

  /** How many nodes are alive, with this one. */
  get count(): number {
    return this.#count;
  }

  get isShared(): boolean {
    return this.#count > 1;
  }

  /** Whether this node does what only one node does: retention, jobs, and keeping the ledger. */
  get isLeader(): boolean {
    return this.#isLeader;
  }

  /**
   * Whether the other nodes take this one for alive. A process that was frozen finds out here that it was, before it sends
   * what another node may have sent.
   */
  isAlive(): boolean {
    return !this.#canBeShared || this.#clock.monotonicMs() - this.#heardMs < NODE_UNSURE_MS;
  }

  /** The store has the heartbeat that was begun then. */
  heard({ nodes, isLeader }: Heartbeat, beganMs: number): void {
    this.#count = nodes;
    this.#isLeader = isLeader;
    this.#heardMs = beganMs;
  }
}

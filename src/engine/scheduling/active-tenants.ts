/**
 * Knows whether several tenants are active. While they are, long work of one tenant takes shorter turns, at the price of
 * throughput. A tenant that is alone delays nobody else, so its work keeps the longer turns.
 */
import type { Seq } from "../../domain/ids.ts";
import { GROUP_DELIVERIES_MAX, GROUP_DELIVERIES_SHARED_MAX, TENANT_ACTIVE_MS } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";

export class ActiveTenants {
  readonly #clock: Pick<Clock, "monotonicMs">;
  /** The tenant that was noted last, and when the one before it was. */
  #tenantSeq: Seq | null = null;
  #atMs = Number.NEGATIVE_INFINITY;
  #otherAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
  }

  /** The tenant published something, or an attempt for it starts. */
  note(tenantSeq: Seq): void {
    if (tenantSeq !== this.#tenantSeq) {
      this.#otherAtMs = this.#atMs;
      this.#tenantSeq = tenantSeq;
    }
    this.#atMs = this.#clock.monotonicMs();
  }

  /** Whether two tenants were noted within `TENANT_ACTIVE_MS`. */
  get areSeveral(): boolean {
    return this.#atMs - this.#otherAtMs < TENANT_ACTIVE_MS;
  }

  /** How many deliveries one call may write. */
  get groupDeliveriesMax(): number {
    return this.areSeveral ? GROUP_DELIVERIES_SHARED_MAX : GROUP_DELIVERIES_MAX;
  }
}

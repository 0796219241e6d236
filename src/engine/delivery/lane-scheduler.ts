/**
 * Decides what a lane does next: start deliveries, claim more, wait, or release what it has queued.
 *
 * The dispatcher and the claims know lanes, and do not know each other.
 */
import type { LeasedDelivery } from "../../domain/delivery/delivery.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Lease, Store, Wake } from "../../ports/store.ts";
import type { Outage } from "../upkeep/outage.ts";
import type { Claims } from "./claims.ts";
import type { Dispatcher } from "./dispatch.ts";
import type { Lane } from "./lane.ts";
import type { LanePool } from "./lane-pool.ts";

export interface LaneSchedulerOptions {
  readonly clock: Pick<Clock, "now">;
  readonly store: Pick<Store, "release">;
  readonly outage: Pick<Outage, "wait">;
  readonly pool: LanePool;
  readonly dispatcher: Dispatcher;
  readonly claims: Claims;
}

export class LaneScheduler {
  readonly #options: LaneSchedulerOptions;

  constructor(options: LaneSchedulerOptions) {
    this.#options = options;
  }

  /** Something about the lane has changed: do what it can do now, and set an alarm for what it can do later. */
  schedule(lane: Lane): void {
    const { clock, dispatcher, claims } = this.#options;
    const now = clock.now();
    dispatcher.enqueue(lane, now);
    if (lane.mustRelease(now)) void this.releaseQueue(lane);
    claims.look(lane);
    dispatcher.run();
  }

  /** Release everything that the lane has queued. */
  releaseQueue(lane: Lane): Promise<void> {
    return this.release(lane, this.#options.pool.evict(lane));
  }

  /** Release deliveries that have left the lane to the store. */
  release(lane: Lane, deliveries: readonly LeasedDelivery[]): Promise<void> {
    return this.#releaseFrom([lane], deliveries);
  }

  /** Release everything that is not in flight. */
  releaseAll(): Promise<void> {
    const { pool } = this.#options;
    const lanes = [...pool.lanes()];
    return this.#releaseFrom(
      lanes,
      lanes.flatMap((lane) => pool.evict(lane)),
    );
  }

  async #releaseFrom(lanes: readonly Lane[], deliveries: readonly LeasedDelivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    for (const lane of lanes) lane.beginRelease();
    const leases = deliveries.map(({ tenantSeq, seq, token }) => ({ tenantSeq, deliverySeq: seq, token }));
    const wakes = await this.#storeRelease(leases);
    for (const lane of lanes) lane.endRelease();
    this.#options.claims.wake(wakes);
  }

  /** Tries until it is stored: otherwise an ordered lane could send later deliveries first. */
  async #storeRelease(leases: readonly Lease[]): Promise<readonly Wake[]> {
    const { clock, store, outage } = this.#options;
    for (;;) {
      try {
        return await store.release({ now: clock.now(), leases, disown: [] });
      } catch (error) {
        // The reconcile releases what is given up here: it is leased in the store, and this node does not hold it.
        if ((await outage.wait(error)) === "giveUp") return [];
      }
    }
  }
}

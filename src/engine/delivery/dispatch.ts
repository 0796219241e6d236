/** Starts attempts: lanes take turns, within each lane's window and each tenant's share of the attempts in flight. */
import type { LeasedDelivery } from "../../domain/delivery/delivery.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import { IN_FLIGHT_MAX, SETTLE_QUEUE_MAX, STARTING_SLICE_MS } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Alarms } from "../scheduling/alarms.ts";
import { Shares } from "../scheduling/shares.ts";
import type { TenantActivity } from "../scheduling/tenant-activity.ts";
import { TimeSlice } from "../scheduling/time-slice.ts";
import type { AttemptMade } from "./attempts.ts";
import type { Lane } from "./lane.ts";
import { LaneQueue } from "./lane-queue.ts";

/**
 * How many starts the end of an attempt, with its settlement, counts for. Next to a burst of retries, the p90 of another
 * tenant was 55 ms with 2 and 42 ms with 4. It was no better with 100.
 */
const STEPS_PER_END = 4;

export interface DispatcherOptions {
  readonly clock: Pick<Clock, "now" | "monotonicMs">;
  /** Wakes a lane when its rate limit allows the next start. */
  readonly alarms: Alarms<Lane>;
  /** Make one attempt. The delivery has been taken off the lane's queue; `land` follows once it has ended. */
  readonly attempt: (lane: Lane, delivery: LeasedDelivery) => void;
  readonly activity: TenantActivity;
  /** Whether the other nodes still take this one for alive. Otherwise one of them may send the same deliveries. */
  readonly isAlive: () => boolean;
  /** How many settlements wait for their commit. */
  readonly settleQueueSize: () => number;
}

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #ready = new LaneQueue();
  /** Lanes without a success that have an attempt in flight and wait until their tenant's share allows another. */
  readonly #starved = new LaneQueue();
  readonly #inFlight = new Shares(IN_FLIGHT_MAX);
  /** Those attempts in flight that lanes started before their first success. */
  readonly #unproven = new Shares(IN_FLIGHT_MAX);
  readonly #mayStart = (tenantSeq: Seq): boolean => this.#inFlight.allowance(tenantSeq) >= 1;
  /** Counts unproven attempts twice, so that lanes without a success leave a third of the tenant's share to the others. */
  readonly #mayStartUnproven = (tenantSeq: Seq): boolean =>
    this.#inFlight.allowance(tenantSeq, this.#unproven.of(tenantSeq)) >= 1;
  #isHalted = false;
  #isRunning = false;
  /** A thousand attempts that become due together must not keep the event loop from other tenants' requests. */
  readonly #slice: TimeSlice;
  readonly #step = (): boolean => this.#startNext();

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#slice = new TimeSlice(options.clock, STARTING_SLICE_MS, () => this.run());
  }

  /** How many attempts are in flight. */
  get inFlight(): number {
    return this.#inFlight.taken;
  }

  /** Whether nothing starts at present. */
  get isHalted(): boolean {
    return this.#isHalted;
  }

  halt(): void {
    this.#isHalted = true;
  }

  resume(): void {
    this.#isHalted = false;
    this.run();
  }

  /** Queue the lane if its next delivery may start; otherwise come back to it when its rate limit allows a start. */
  enqueue(lane: Lane, now: EpochMs): void {
    if (lane.canStart(now)) this.#ready.add(lane);
    else this.#awaitRateLimit(lane, now);
  }

  /** Start what may start now. After `STARTING_SLICE_MS` the rest waits for the event loop's next turn. */
  run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#slice.work(this.#step);
    this.#isRunning = false;
  }

  /** An attempt has ended; `made` is null when it was aborted. */
  land(lane: Lane, made: AttemptMade | null): void {
    // While several tenants share the server, a burst of one must not lengthen its own slices.
    if (this.#options.activity.isShared) this.#slice.leaveOut(STEPS_PER_END);
    this.#inFlight.free(lane.tenantSeq, 1);
    if (lane.land(made)) this.#unproven.free(lane.tenantSeq, 1);
  }

  /** Returns false when no lane may start. */
  #startNext(): boolean {
    if (this.#isHalted || !this.#hasSettleCapacity() || !this.#options.isAlive()) return false;
    const lane = this.#ready.next(this.#mayStart) ?? this.#starved.next(this.#mayStartUnproven);
    if (lane === null) return false;
    const now = this.#options.clock.now();
    if (!lane.canStart(now)) this.#awaitRateLimit(lane, now);
    else if (this.#isStarved(lane)) this.#starved.add(lane);
    else this.#start(lane, now);
    return true;
  }

  /** No attempt that ends brings back a lane that waits only for its rate limit, so it needs an alarm. */
  #awaitRateLimit(lane: Lane, now: EpochMs): void {
    const at = lane.rateLimitedUntil(now);
    if (at !== null) this.#options.alarms.set(lane, at);
  }

  /** Every attempt in flight will need a place in the settle queue. */
  #hasSettleCapacity(): boolean {
    return this.#inFlight.taken + this.#options.settleQueueSize() < SETTLE_QUEUE_MAX;
  }

  /** The first attempt of a lane needs only the tenant's share: an endpoint that has been quiet may be healthy. */
  #isStarved(lane: Lane): boolean {
    return !lane.isProven && lane.inFlight > 0 && !this.#mayStartUnproven(lane.tenantSeq);
  }

  #start(lane: Lane, now: EpochMs): void {
    this.#options.activity.note(lane.tenantSeq);
    this.#inFlight.take(lane.tenantSeq, 1);
    if (!lane.isProven) this.#unproven.take(lane.tenantSeq, 1);
    const delivery = lane.start(now);
    this.#ready.add(lane); // its next turn finds out whether it can go on
    this.#options.attempt(lane, delivery);
  }
}

/** The deliveries of this node, from their lease to their settlement. */
import type { LeasedDelivery } from "../../domain/delivery/delivery.ts";
import type { Destination } from "../../domain/endpoints/endpoint.ts";
import type { Seq } from "../../domain/ids.ts";
import type { Clock } from "../../ports/clock.ts";
import type { LaneKey, LaneRevision, LaneState, SettledResult, Store } from "../../ports/store.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import { Alarms } from "../scheduling/alarms.ts";
import type { TenantActivity } from "../scheduling/tenant-activity.ts";
import type { Membership } from "../upkeep/membership.ts";
import type { Outage } from "../upkeep/outage.ts";
import type { AttemptMade, Attempts } from "./attempts.ts";
import { Claims } from "./claims.ts";
import { Dispatcher } from "./dispatch.ts";
import type { Lane } from "./lane.ts";
import type { Readers } from "./lane-node.ts";
import { LanePool } from "./lane-pool.ts";
import { LaneScheduler } from "./lane-scheduler.ts";
import type { Tokens } from "./lease-tokens.ts";
import { Settlements } from "./settlements.ts";

export interface DeliveriesOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly attempts: Attempts;
  readonly tokens: Tokens;
  readonly membership: Membership;
  readonly readers: Readers;
  readonly telemetry: Telemetry;
  readonly outage: Outage;
  readonly activity: TenantActivity;
  /** Called after each settlement, for the stream. */
  readonly onOutcome: (
    delivery: LeasedDelivery,
    endpoint: Destination,
    made: AttemptMade,
    result: SettledResult,
  ) => void;
  /** A settlement has disabled this endpoint. */
  readonly onDisabled: (endpoint: Destination) => void;
}

export class Deliveries {
  readonly lanePool: LanePool;
  readonly claims: Claims;
  readonly #options: DeliveriesOptions;
  readonly #settlements: Settlements;
  readonly #alarms: Alarms<Lane>;
  readonly #dispatcher: Dispatcher;
  readonly #scheduler: LaneScheduler;
  /** Each attempt until it is settled or its delivery is released, and what else a stop has to wait for. */
  readonly #unfinished = new Set<Promise<unknown>>();
  /** Lanes that were closed and are not disowned yet. Until they are, no node claims for them. */
  readonly #closed = new Map<Seq, LaneKey>();
  #isStopping = false;

  constructor(options: DeliveriesOptions) {
    const { clock, store, telemetry, outage, activity, tokens, membership, readers } = options;
    this.#options = options;
    const schedule = (lane: Lane) => this.#scheduler.schedule(lane);
    const pool = new LanePool(clock, membership, readers);
    const alarms = new Alarms<Lane>(clock, schedule);
    const settlements = new Settlements({ clock, store, telemetry, outage, activity });
    const dispatcher = new Dispatcher({
      clock,
      alarms,
      attempt: (lane, delivery) => this.#start(lane, delivery),
      activity,
      isAlive: () => membership.isAlive(),
      settleQueueSize: () => settlements.size,
    });
    const onError = (error: unknown) => outage.report(error);
    const claims = new Claims({ clock, store, pool, tokens, alarms, onClaimed: schedule, onError });
    this.lanePool = pool;
    this.claims = claims;
    this.#settlements = settlements;
    this.#alarms = alarms;
    this.#dispatcher = dispatcher;
    this.#scheduler = new LaneScheduler({ clock, store, outage, pool, dispatcher, claims });
    outage.onChange((isDown) => this.#followOutage(isDown));
  }

  /** How many attempts are in flight. */
  get inFlight(): number {
    return this.#dispatcher.inFlight;
  }

  get settleQueueSize(): number {
    return this.#settlements.size;
  }

  /** Whether a publish may lease deliveries for this node. */
  get takesLeases(): boolean {
    return !this.#dispatcher.isHalted;
  }

  /** Events are sent to the store. */
  publishing(publish: Promise<unknown>): void {
    this.#settlements.join(publish);
  }

  /** A publish has leased this delivery for this node. */
  enqueue(lane: Lane, delivery: LeasedDelivery): void {
    if (!this.#options.tokens.isOwn(delivery.token)) return; // leased before this node entered again: another node has it
    if (lane.isOvertaking(delivery)) {
      void this.#scheduler.release(lane, [delivery]);
      return;
    }
    this.lanePool.enqueue(lane, delivery);
    this.#scheduler.schedule(lane);
  }

  /** An endpoint was changed: hold its lane, resume it, or go on with its new settings. */
  async endpointChanged(endpoint: Destination, state: LaneState): Promise<void> {
    const lane = this.lanePool.get(endpoint.seq);
    if (lane !== undefined) {
      lane.apply(endpoint, state);
      await this.#follow(lane);
    } else if (state.readyAt !== null) {
      this.claims.wake([{ endpointSeq: endpoint.seq, readyAt: state.readyAt }]);
    }
  }

  /** The open lanes, and the revisions that this node knows. */
  laneRevisions(): readonly LaneRevision[] {
    return Array.from(this.lanePool.lanes(), ({ endpointSeq, settingsRevision: revision }) => ({
      endpointSeq,
      revision,
    }));
  }

  /**
   * Another node does the work of this one: drop everything that is leased and not in flight. What is in flight is settled
   * as stale.
   */
  abandon(): void {
    for (const lane of this.lanePool.lanes()) this.lanePool.evict(lane);
  }

  /** This node owns the lane of a listener, which nothing else would open: a reader comes. */
  openLane(endpoint: Destination, state: LaneState): void {
    this.lanePool.open(endpoint).apply(endpoint, state);
  }

  /** The reader of a listener came, or has gone: send it what waits, or give back what it was not sent. */
  async readerChanged(endpointSeq: Seq): Promise<void> {
    const lane = this.lanePool.get(endpointSeq);
    if (lane === undefined)
      this.claims.discover(); // it was idle for too long before its reader came
    else await this.#follow(lane);
  }

  /** An endpoint was deleted, or another program reads the listener. */
  async laneChanged(state: LaneState): Promise<void> {
    const lane = this.lanePool.get(state.endpointSeq);
    if (lane === undefined) return;
    lane.applyState(state);
    await this.#follow(lane);
  }

  /** Release a delivery that was cancelled while leased, unless it is in flight. */
  dropCancelled(endpointSeq: Seq, deliverySeq: Seq): void {
    const lane = this.lanePool.get(endpointSeq);
    const delivery = lane === undefined ? null : this.lanePool.withdraw(lane, deliverySeq);
    if (lane !== undefined && delivery !== null) void this.#scheduler.release(lane, [delivery]);
  }

  /** Close the lanes that have been idle for a while, so that another node may own them. */
  closeIdleLanes(): void {
    const { clock, store, outage } = this.#options;
    // The claim may own a lane that this node closes now. The node would then disown a lane that it has open.
    if (this.claims.isAdopting) return;
    for (const lane of this.lanePool.closeIdle(clock.now())) {
      // The store's wakes bring back an endpoint with a retry hours away, not the alarm of a lane that is gone.
      this.#alarms.cancel(lane);
      this.#closed.set(lane.endpointSeq, { tenantSeq: lane.tenantSeq, endpointSeq: lane.endpointSeq });
    }
    const disown = [...this.#closed.values()].filter(({ endpointSeq }) => this.lanePool.get(endpointSeq) === undefined);
    this.#closed.clear();
    if (disown.length === 0) return;
    store.release({ now: clock.now(), leases: [], disown }).then(
      (wakes) => this.claims.wake(wakes),
      (error) => {
        for (const lane of disown) this.#closed.set(lane.endpointSeq, lane);
        outage.report(error);
      },
    );
  }

  /** Make `attemptsDone` wait for this work as well. */
  countAsAttempt<T>(work: Promise<T>): Promise<T> {
    // The caller gets the error of work that fails.
    this.#track(
      work.then(
        () => undefined,
        () => undefined,
      ),
    );
    return work;
  }

  /** Go on: this node is alive again, or shares the lanes with more or fewer nodes. */
  run(): void {
    for (const lane of this.lanePool.lanes()) this.#scheduler.schedule(lane);
  }

  /** Start nothing more, and lease nothing more for this node. */
  halt(): void {
    this.#isStopping = true;
    this.#dispatcher.halt();
  }

  /** Resolves when no attempt is in flight. After `graceMs` it calls `abort`, and waits for the rest. */
  async attemptsDone(graceMs: number, abort: () => void): Promise<void> {
    if (this.#unfinished.size === 0) return;
    const timer = this.#options.clock.after(graceMs, abort);
    await Promise.all(this.#unfinished);
    timer.cancel();
  }

  /** Release everything that is not in flight. */
  releaseAll(): Promise<void> {
    return this.#scheduler.releaseAll();
  }

  /** Resolves when the result of every attempt that has ended is stored. */
  flush(): Promise<void> {
    return this.#settlements.drained();
  }

  close(): void {
    this.#alarms.stop();
  }

  /** The dispatcher starts an attempt. */
  #start(lane: Lane, delivery: LeasedDelivery): void {
    this.#track(this.#deliver(lane, delivery));
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#unfinished.delete(tracked));
    this.#unfinished.add(tracked);
  }

  /** One attempt of one delivery, from its start to its settlement. Never rejects. */
  async #deliver(lane: Lane, delivery: LeasedDelivery): Promise<void> {
    const { endpoint } = lane;
    const made = await this.#options.attempts.make(delivery, endpoint, lane.heldMs);
    this.#dispatcher.land(lane, made);
    if (made === null) {
      this.lanePool.remove(lane, delivery);
      await this.#scheduler.release(lane, [delivery]);
    } else {
      // An ordered lane waits for the settlement, but its slot is free for other lanes.
      if (delivery.ordered) this.#dispatcher.run();
      else this.#scheduler.schedule(lane);
      const result = await this.#settlements.settle(delivery, endpoint, made);
      if (result !== null) this.#settled(lane, delivery, endpoint, made, result);
      this.lanePool.remove(lane, delivery);
    }
    lane.settle(delivery, made);
    this.#scheduler.schedule(lane);
  }

  /** @param endpoint as it was when the attempt started */
  #settled(
    lane: Lane,
    delivery: LeasedDelivery,
    endpoint: Destination,
    made: AttemptMade,
    result: SettledResult,
  ): void {
    lane.applyState(result.lane);
    // The delivery will be retried, so the later deliveries of an ordered lane are released.
    if (delivery.ordered && result.state === "SCHEDULED") void this.#scheduler.releaseQueue(lane);
    this.claims.wake(result.woken);
    this.#options.onOutcome(delivery, endpoint, made, result);
    if (result.disabled) this.#options.onDisabled(endpoint);
  }

  /** Release what the lane has queued before the caller gets its response, so that the effect is visible at once. */
  async #follow(lane: Lane): Promise<void> {
    if (lane.mustRelease(this.#options.clock.now())) await this.#scheduler.releaseQueue(lane);
    this.#scheduler.schedule(lane);
  }

  #followOutage(isDown: boolean): void {
    if (isDown || this.#isStopping) this.#dispatcher.halt();
    else this.#dispatcher.resume();
    if (!isDown) this.claims.discover();
  }
}

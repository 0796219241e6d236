/**
 * Brings due deliveries from the store into their lanes: into lanes of this node that have capacity, and into ready lanes
 * that no node owns. The two kinds alternate. Within each kind the tenants take turns, each within its share of the pool.
 */
import type { EpochMs, Seq } from "../../domain/ids.ts";
import {
  CLAIM_BYTES_MAX,
  CLAIM_DELIVERIES_MAX,
  CLAIM_LANES_MAX,
  TIMER_MS_MAX,
  WINDOW_START,
} from "../../domain/limits.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { ClaimedLane, ClaimRequest, ClaimResult, Store, Wake } from "../../ports/store.ts";
import type { Alarms } from "../scheduling/alarms.ts";
import type { Lane } from "./lane.ts";
import type { LanePool } from "./lane-pool.ts";
import { LaneQueue } from "./lane-queue.ts";
import type { Tokens } from "./lease-tokens.ts";

export interface ClaimsOptions {
  readonly clock: Pick<Clock, "now" | "after">;
  readonly store: Pick<Store, "claim">;
  readonly pool: LanePool;
  readonly tokens: Tokens;
  /** Wakes a lane when the store has something due for it, and some time after a claim for it failed. */
  readonly alarms: Alarms<Lane>;
  /** A lane got deliveries, or another state. */
  readonly onClaimed: (lane: Lane) => void;
  readonly onError: (error: unknown) => void;
}

/** The wait after a claim that the store could not carry out. */
const AFTER_ERROR_MS = 500;
/** How often a tenant that holds its whole share is looked at again: one of its attempts ends in a moment. */
const WHEN_FULL_MS = 20;

const NO_LANES: ClaimRequest["adopt"] = { lanesMax: 0, countEach: 0, exceptTenants: [] };

export class Claims {
  readonly #options: ClaimsOptions;
  /** Lanes to claim for. The lanes of a tenant that holds its whole share stay here. */
  readonly #wanted = new LaneQueue();
  readonly #hasCapacity: (tenantSeq: Seq) => boolean;
  /** Tenants whose ready lanes the last `#adopt` skipped. */
  #passedOver: readonly Seq[] = [];
  #fullTimer: Timer | null = null;
  /** When to look for ready lanes that no node owns. */
  #discoverAt: EpochMs = 0;
  #discoverTimer: Timer | null = null;
  #running: Promise<void> | null = null;
  #isAdopting = false;
  #isStopped = false;

  constructor(options: ClaimsOptions) {
    this.#options = options;
    this.#hasCapacity = (tenantSeq) => options.pool.hasCapacity(tenantSeq);
  }

  /** Whether a claim is in progress that may make this node the owner of any lane that none owns. */
  get isAdopting(): boolean {
    return this.#isAdopting;
  }

  /** Claim for the lane if the store has something due and the lane has capacity; otherwise come back when it is due. */
  look(lane: Lane): void {
    const at = lane.claimableAt();
    if (at === null || this.#isStopped) return;
    const { clock, alarms } = this.#options;
    const now = clock.now();
    if (at > now) {
      alarms.set(lane, at);
    } else if (lane.wantsClaim(now)) {
      this.#wanted.add(lane);
      this.#run();
    }
  }

  /** The store has something for these lanes. */
  wake(wakes: readonly Wake[]): void {
    for (const { endpointSeq, readyAt } of wakes) {
      const lane = this.#options.pool.get(endpointSeq);
      if (lane === undefined) {
        this.#discoverBy(readyAt);
      } else {
        lane.wake(readyAt);
        this.look(lane);
      }
    }
  }

  /** Look now for ready lanes that no node owns. */
  discover(): void {
    this.#discoverBy(this.#options.clock.now());
  }

  /** A lane that no node owns is ready then. */
  discoverAt(at: EpochMs): void {
    this.#discoverBy(at);
  }

  /** Resolves when the current claim has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#discoverTimer?.cancel();
    this.#fullTimer?.cancel();
    await this.#running;
  }

  #discoverBy(at: EpochMs): void {
    if (at >= this.#discoverAt && this.#discoverTimer !== null) return;
    const { clock } = this.#options;
    this.#discoverAt = at;
    this.#discoverTimer?.cancel();
    this.#discoverTimer = clock.after(Math.min(Math.max(at - clock.now(), 0), TIMER_MS_MAX), () => {
      this.#discoverTimer = null;
      // The timer may fire early: after its longest wait, a millisecond short, or while time goes at half speed.
      if (clock.now() < this.#discoverAt) this.#discoverBy(this.#discoverAt);
      else this.#run();
    });
  }

  #run(): void {
    if (this.#running !== null || this.#isStopped) return;
    this.#running = this.#claimWhileWanted().finally(() => {
      this.#running = null;
      if (this.#wanted.size > 0 || this.#passedOver.length > 0) this.#lookAgainWhenFull();
    });
  }

  /** Everything that is left to claim belongs to tenants that hold their whole share. */
  #lookAgainWhenFull(): void {
    this.#fullTimer ??= this.#options.clock.after(WHEN_FULL_MS, () => {
      this.#fullTimer = null;
      if (this.#passedOver.some(this.#hasCapacity)) {
        this.#passedOver = [];
        this.discover();
      }
      this.#run();
    });
  }

  async #claimWhileWanted(): Promise<void> {
    while (!this.#isStopped) {
      const lanes = this.#nextLanes();
      if (lanes.length > 0 && !(await this.#claimFor(lanes))) return;
      const discovers = this.#options.clock.now() >= this.#discoverAt;
      if (discovers && !(await this.#adopt())) return;
      if (lanes.length === 0 && !discovers) return;
    }
  }

  /** The lanes to claim for next. Lanes that already hold their part of their tenant's share keep waiting. */
  #nextLanes(): Lane[] {
    const { clock, pool } = this.#options;
    const now = clock.now();
    const lanes: Lane[] = [];
    const full: Lane[] = [];
    while (lanes.length + full.length < CLAIM_LANES_MAX) {
      const lane = this.#wanted.next(this.#hasCapacity);
      if (lane === null) break;
      // It may have been closed, or have changed since it was queued.
      if (pool.get(lane.endpointSeq) !== lane || !lane.wantsClaim(now)) continue;
      const { deliveries, bytes } = pool.capacity(lane);
      (deliveries > 0 && bytes > 0 ? lanes : full).push(lane);
    }
    for (const lane of full) this.#wanted.add(lane);
    return lanes;
  }

  /** Claim for lanes of this node. Returns whether to go on. */
  async #claimFor(lanes: readonly Lane[]): Promise<boolean> {
    const now = this.#options.clock.now();
    for (const lane of lanes) lane.beginClaim();
    try {
      // No other code may run between the reply and `#takeAll`: a publish that committed after this claim must not enter
      // the lane before it.
      const result = await this.#claim(now, { lanes: this.#parts(lanes), adopt: NO_LANES });
      for (const lane of lanes) lane.endClaim();
      this.#takeAll(result);
      return true;
    } catch (error) {
      for (const lane of lanes) {
        lane.endClaim();
        this.#options.alarms.set(lane, now + AFTER_ERROR_MS);
      }
      return this.#failed(error);
    }
  }

  /** What each lane may get from one claim: equal parts for the tenants, and equal parts of those for their lanes. */
  #parts(lanes: readonly Lane[]): ClaimRequest["lanes"] {
    const lanesOf = new Map<Seq, number>();
    for (const { tenantSeq } of lanes) lanesOf.set(tenantSeq, (lanesOf.get(tenantSeq) ?? 0) + 1);
    return lanes.map((lane) => {
      const capacity = this.#options.pool.capacity(lane);
      const divisor = lanesOf.size * (lanesOf.get(lane.tenantSeq) ?? 1);
      return {
        endpointSeq: lane.endpointSeq,
        count: Math.min(capacity.deliveries, Math.ceil(CLAIM_DELIVERIES_MAX / divisor)),
        bytesMax: Math.min(capacity.bytes, Math.ceil(CLAIM_BYTES_MAX / divisor)),
        ...(lane.drain !== null && { drain: lane.drain, held: lane.deliveryCount }),
      };
    });
  }

  /** Adopt ready lanes that no node owns. Returns whether to go on. */
  async #adopt(): Promise<boolean> {
    const now = this.#options.clock.now();
    const full = this.#options.pool.fullTenants();
    // From here on a wake may announce a lane that this claim does not see.
    this.#discoverAt = Number.POSITIVE_INFINITY;
    this.#discoverTimer?.cancel();
    this.#discoverTimer = null;
    this.#isAdopting = true;
    try {
      const ready = { lanesMax: CLAIM_LANES_MAX, countEach: WINDOW_START, exceptTenants: full };
      const result = await this.#claim(now, { lanes: [], adopt: ready });
      this.#passedOver = result.passedOver ? full : [];
      this.#discoverBy(result.more ? now : (result.nextReadyAt ?? now + TIMER_MS_MAX));
      this.#takeAll(result);
      return true;
    } catch (error) {
      return this.#failed(error);
    } finally {
      this.#isAdopting = false;
    }
  }

  #claim(now: EpochMs, asked: Pick<ClaimRequest, "lanes" | "adopt">): Promise<ClaimResult> {
    const { store, tokens } = this.#options;
    const bounds = { deliveriesMax: CLAIM_DELIVERIES_MAX, bytesMax: CLAIM_BYTES_MAX };
    return store.claim({ ...asked, ...bounds, now, firstToken: tokens.reserve(CLAIM_DELIVERIES_MAX) });
  }

  #failed(error: unknown): false {
    const { clock, onError } = this.#options;
    onError(error);
    this.#discoverBy(clock.now() + AFTER_ERROR_MS);
    return false;
  }

  #takeAll({ lanes, broken, woken }: ClaimResult): void {
    const { onError } = this.#options;
    for (const claimed of lanes) this.#take(claimed);
    this.wake(woken);
    for (const { endpointSeq, message } of broken) onError(new Error(`lane ${endpointSeq}: ${message}`));
  }

  #take({ endpoint, state, deliveries, drain }: ClaimedLane): void {
    const { pool, onClaimed } = this.#options;
    const lane = pool.open(endpoint);
    lane.apply(endpoint, state);
    lane.setDrain(drain);
    for (const delivery of deliveries) pool.enqueue(lane, delivery);
    onClaimed(lane);
  }
}

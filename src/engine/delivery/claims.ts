/**
 * Brings due deliveries from the store into their lanes: for lanes that have room, and for ready lanes that no node has.
 * Both kinds take turns, and in both tenants take turns, each within its share of the pool.
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
import { createAlarms } from "../scheduling/alarms.ts";
import { applyState, type Lane, wantsClaim } from "./lane.ts";
import type { LanePool } from "./lane-pool.ts";
import { createRounds } from "./lane-rounds.ts";
import type { Tokens } from "./lease-tokens.ts";

export interface Claims {
  /** The lane may have room, or something in the store. */
  look(lane: Lane): void;
  /** Lanes got something to do in the store. */
  wake(wakes: readonly Wake[]): void;
  /** Ask the store now for ready lanes that nobody has. */
  discover(): void;
  stop(): Promise<void>;
}

export interface ClaimsOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly lanePool: LanePool;
  readonly tokens: Tokens;
  readonly node: number;
  /** A lane got deliveries, or another state. */
  readonly onClaimed: (claimed: ClaimedLane) => void;
  readonly onError: (error: unknown) => void;
}

/** The wait after a claim that the store could not carry out. */
const AFTER_ERROR_MS = 500;
/** How often a tenant that is at its share is looked at again: something of it ends in a moment. */
const WHEN_FULL_MS = 20;

const NO_LANES: ClaimRequest["adopt"] = { lanesMax: 0, countEach: 0, exceptTenants: [] };

export function createClaims({ clock, store, lanePool, tokens, node, onClaimed, onError }: ClaimsOptions): Claims {
  /** Lanes to claim for. Those of a tenant that is at its share stay. */
  const wanted = createRounds();
  const alarms = createAlarms<Lane>(clock, look);
  /** Tenants whose ready lanes the latest discovery had to leave in the store. */
  let passedOver: readonly Seq[] = [];
  let whenFull: Timer | null = null;
  let discoverAt: EpochMs = 0;
  let timer: Timer | null = null;
  let running: Promise<void> | null = null;
  let stopped = false;

  function look(lane: Lane): void {
    if (stopped || lane.held || lane.readyAt === null) return;
    const now = clock.now();
    const at = Math.max(lane.readyAt, lane.blockedUntil);
    if (at > now) {
      alarms.set(lane, at);
      return;
    }
    if (!wantsClaim(lane, now)) return;
    wanted.join(lane);
    run();
  }

  function wake(wakes: readonly Wake[]): void {
    for (const { endpointSeq, readyAt } of wakes) {
      const lane = lanePool.get(endpointSeq);
      if (lane === undefined) discoverBy(readyAt);
      else {
        lane.readyAt = Math.min(lane.readyAt ?? Number.POSITIVE_INFINITY, readyAt);
        look(lane);
      }
    }
  }

  function discoverBy(at: EpochMs): void {
    if (at >= discoverAt && timer !== null) return;
    discoverAt = at;
    timer?.cancel();
    timer = clock.after(Math.min(Math.max(at - clock.now(), 0), TIMER_MS_MAX), () => {
      timer = null;
      // It rang at its longest wait, a millisecond early, or while time goes at half speed.
      if (clock.now() < discoverAt) discoverBy(discoverAt);
      else run();
    });
  }

  function run(): void {
    if (running !== null || stopped) return;
    running = claimWhileWanted().finally(() => {
      running = null;
      if (wanted.size > 0 || passedOver.length > 0) lookWhenFull();
    });
  }

  /** All that is left to claim is of tenants at their share. */
  function lookWhenFull(): void {
    whenFull ??= clock.after(WHEN_FULL_MS, () => {
      whenFull = null;
      if (passedOver.some(lanePool.hasRoom)) {
        passedOver = [];
        discoverBy(clock.now());
      }
      run();
    });
  }

  async function claimWhileWanted(): Promise<void> {
    while (!stopped) {
      const lanes = nextLanes();
      if (lanes.length > 0 && !(await claimFor(lanes))) return;
      const discovers = clock.now() >= discoverAt;
      if (discovers && !(await adopt())) return;
      if (lanes.length === 0 && !discovers) return;
    }
  }

  /** The lanes to claim for next. Those that hold their part of their tenant's share already go on waiting. */
  function nextLanes(): Lane[] {
    const now = clock.now();
    const lanes: Lane[] = [];
    const full: Lane[] = [];
    while (lanes.length + full.length < CLAIM_LANES_MAX) {
      const lane = wanted.next(lanePool.hasRoom);
      if (lane === null) break;
      // It may have been closed, or have changed since it was queued.
      if (lanePool.get(lane.endpointSeq) !== lane || !wantsClaim(lane, now)) continue;
      const { deliveries, bytes } = lanePool.room(lane);
      (deliveries > 0 && bytes > 0 ? lanes : full).push(lane);
    }
    for (const lane of full) wanted.join(lane);
    return lanes;
  }

  /** Returns whether to go on. */
  async function claimFor(lanes: readonly Lane[]): Promise<boolean> {
    const now = clock.now();
    for (const lane of lanes) lane.claiming = true;
    try {
      const claimed = claim(now, { lanes: parts(lanes), adopt: NO_LANES });
      const result = await claimed.finally(() => {
        for (const lane of lanes) lane.claiming = false;
      });
      takeAll(result);
      return true;
    } catch (error) {
      for (const lane of lanes) alarms.set(lane, now + AFTER_ERROR_MS);
      return failed(error);
    }
  }

  /** What each lane may have of one claim: equal parts for tenants, and of a tenant's part for its lanes. */
  function parts(lanes: readonly Lane[]): ClaimRequest["lanes"] {
    const lanesOf = new Map<Seq, number>();
    for (const { tenantSeq } of lanes) lanesOf.set(tenantSeq, (lanesOf.get(tenantSeq) ?? 0) + 1);
    return lanes.map((lane) => {
      const room = lanePool.room(lane);
      const divisor = lanesOf.size * (lanesOf.get(lane.tenantSeq) ?? 1);
      return {
        endpointSeq: lane.endpointSeq,
        count: Math.min(room.deliveries, Math.ceil(CLAIM_DELIVERIES_MAX / divisor)),
        bytesMax: Math.min(room.bytes, Math.ceil(CLAIM_BYTES_MAX / divisor)),
      };
    });
  }

  /** Returns whether to go on. */
  async function adopt(): Promise<boolean> {
    const now = clock.now();
    const full = lanePool.fullTenants();
    // From here on a wake may tell of a lane that this claim does not see.
    discoverAt = Number.POSITIVE_INFINITY;
    timer?.cancel();
    timer = null;
    try {
      const ready = { lanesMax: CLAIM_LANES_MAX, countEach: WINDOW_START, exceptTenants: full };
      const result = await claim(now, { lanes: [], adopt: ready });
      passedOver = result.passedOver ? full : [];
      discoverBy(result.more ? now : (result.nextReadyAt ?? now + TIMER_MS_MAX));
      takeAll(result);
      return true;
    } catch (error) {
      return failed(error);
    }
  }

  function claim(now: EpochMs, asked: Pick<ClaimRequest, "lanes" | "adopt">): Promise<ClaimResult> {
    const bounds = { deliveriesMax: CLAIM_DELIVERIES_MAX, bytesMax: CLAIM_BYTES_MAX };
    return store.claim({ ...asked, ...bounds, node, now, firstToken: tokens.reserve(CLAIM_DELIVERIES_MAX) });
  }

  function failed(error: unknown): false {
    onError(error);
    discoverBy(clock.now() + AFTER_ERROR_MS);
    return false;
  }

  function takeAll({ lanes, broken }: ClaimResult): void {
    for (const claimed of lanes) take(claimed);
    for (const { endpointSeq, message } of broken) onError(new Error(`lane ${endpointSeq}: ${message}`));
  }

  function take(claimed: ClaimedLane): void {
    const lane = lanePool.open(claimed.endpoint);
    lane.endpoint = claimed.endpoint;
    applyState(lane, claimed.state);
    for (const delivery of claimed.deliveries) lanePool.admit(lane, delivery);
    onClaimed(claimed);
    look(lane);
  }

  return {
    look,
    wake,
    discover: () => discoverBy(clock.now()),
    async stop() {
      stopped = true;
      timer?.cancel();
      whenFull?.cancel();
      alarms.stop();
      await running;
    },
  };
}

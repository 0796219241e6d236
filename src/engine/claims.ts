/** Brings due deliveries from the store into their lanes: for lanes that have room, and for lanes nobody has. */
import type { EpochMs } from "../domain/ids.ts";
import {
  CLAIM_BYTES_MAX,
  CLAIM_DELIVERIES_MAX,
  CLAIM_LANES_MAX,
  HOUSE_BYTES_MAX,
  HOUSE_DELIVERIES_MAX,
  TIMER_MS_MAX,
  WINDOW_START,
} from "../domain/limits.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { ClaimedLane, Store, Wake } from "../ports/store.ts";
import { createAlarms } from "./alarms.ts";
import type { House } from "./house.ts";
import { applyState, isIdle, type Lane, room, wantsClaim } from "./lane.ts";
import type { Tokens } from "./tokens.ts";

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
  readonly house: House;
  readonly tokens: Tokens;
  readonly node: number;
  /** A lane got deliveries, or another state. */
  readonly onClaimed: (claimed: ClaimedLane) => void;
  readonly onError: (error: unknown) => void;
}

/** The wait after a claim that the store could not carry out. */
const AFTER_ERROR_MS = 500;
/** The wait when the house is full: something leaves it in a moment. */
const WHEN_FULL_MS = 20;

export function createClaims({ clock, store, house, tokens, node, onClaimed, onError }: ClaimsOptions): Claims {
  const wanted = new Set<Lane>();
  const alarms = createAlarms<Lane>(clock, look);
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
    wanted.add(lane);
    run();
  }

  function wake(wakes: readonly Wake[]): void {
    for (const { endpointSeq, readyAt } of wakes) {
      const lane = house.get(endpointSeq);
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
      if (wanted.size > 0) run();
    });
  }

  async function claimWhileWanted(): Promise<void> {
    while (!stopped && (wanted.size > 0 || clock.now() >= discoverAt)) {
      const deliveriesMax = Math.min(CLAIM_DELIVERIES_MAX, HOUSE_DELIVERIES_MAX - house.leases.size);
      const bytesMax = Math.min(CLAIM_BYTES_MAX, HOUSE_BYTES_MAX - house.bytes);
      if (deliveriesMax <= 0 || bytesMax <= 0) {
        wanted.clear(); // they are looked at again when one of their attempts ends
        return again(WHEN_FULL_MS);
      }
      if (!(await claimOnce(deliveriesMax, bytesMax))) return;
    }
  }

  function again(afterMs: number): void {
    discoverAt = Number.POSITIVE_INFINITY;
    discoverBy(clock.now() + afterMs);
  }

  /** Answers whether to go on at once. */
  async function claimOnce(deliveriesMax: number, bytesMax: number): Promise<boolean> {
    const now = clock.now();
    const lanes = [...wanted].filter((lane) => wantsClaim(lane, now)).slice(0, CLAIM_LANES_MAX);
    wanted.clear();
    const adopts = now >= discoverAt;
    if (lanes.length === 0 && !adopts) return true;
    const request = {
      node,
      now,
      lanes: lanes.map((lane) => ({ endpointSeq: lane.endpointSeq, count: claimCount(lane) })),
      adopt: { lanesMax: adopts ? CLAIM_LANES_MAX : 0, countEach: WINDOW_START },
      deliveriesMax,
      bytesMax,
      firstToken: tokens.reserve(deliveriesMax),
    };
    for (const lane of lanes) lane.claiming = true;
    try {
      const result = await store.claim(request);
      for (const lane of lanes) lane.claiming = false;
      if (adopts) {
        const full = result.lanes.length - lanes.length >= CLAIM_LANES_MAX;
        discoverAt = full ? now : Number.POSITIVE_INFINITY;
        if (!full) discoverBy(result.nextReadyAt ?? now + TIMER_MS_MAX);
      }
      for (const claimed of result.lanes) take(claimed);
      for (const { endpointSeq, message } of result.broken) onError(new Error(`lane ${endpointSeq}: ${message}`));
      return true;
    } catch (error) {
      for (const lane of lanes) lane.claiming = false;
      onError(error);
      for (const lane of lanes) alarms.set(lane, now + AFTER_ERROR_MS);
      again(AFTER_ERROR_MS);
      return false;
    }
  }

  function take(claimed: ClaimedLane): void {
    const lane = house.open(claimed.endpoint);
    lane.endpoint = claimed.endpoint;
    applyState(lane, claimed.state);
    for (const delivery of claimed.deliveries) house.admit(lane, delivery);
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
      alarms.stop();
      await running;
    },
  };
}

function claimCount(lane: Lane): number {
  return lane.endpoint.ordered && isIdle(lane) ? Math.max(1, room(lane)) : room(lane);
}

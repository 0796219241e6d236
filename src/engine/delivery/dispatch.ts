/** Starts deliveries: lanes in turn, within each lane's window and its tenant's share of the places on the wire. */
import type { LeasedDelivery } from "../../domain/delivery/delivery.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import { IN_FLIGHT_MAX, SETTLE_QUEUE_MAX, STARTING_SLICE_MS } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import { type Alarms, createAlarms } from "../scheduling/alarms.ts";
import { createShares } from "../scheduling/shares.ts";
import { TimeSlice } from "../scheduling/time-slice.ts";
import { canStart, isBlocked, type Lane, started } from "./lane.ts";
import { createRounds } from "./lane-rounds.ts";

export interface Dispatch {
  /** Something about the lane changed: start what may start now. */
  nudge(lane: Lane): void;
  /** Go on after a stop or after room was made. */
  pump(): void;
  /** An attempt left the wire. */
  landed(lane: Lane): void;
  /** Nothing is started while this is set. */
  halted: boolean;
  readonly inFlight: number;
  close(): void;
}

export interface DispatchOptions {
  readonly clock: Clock;
  /** Make one attempt; the delivery was taken off the lane's queue. */
  readonly attempt: (lane: Lane, delivery: LeasedDelivery) => void;
  /** The lane has room for more, or is blocked and has to give back what it holds. */
  readonly onRoom: (lane: Lane) => void;
  /** Settlements waiting for their commit. */
  readonly settleQueueSize: () => number;
}

export function createDispatch({ clock, attempt, onRoom, settleQueueSize }: DispatchOptions): Dispatch {
  const ready = createRounds();
  /** Lanes without a success yet that wait for a place on the wire beyond their first. */
  const starved = createRounds();
  const places = createShares(IN_FLIGHT_MAX);
  /** Those of `places` that were taken by lanes without a success. */
  const unproven = createShares(IN_FLIGHT_MAX);
  const alarms: Alarms<Lane> = createAlarms(clock, nudge);
  let halted = false;
  let pumping = false;
  /** A thousand attempts that become due together must not keep the event loop from other tenants' requests. */
  const starting = new TimeSlice(clock, STARTING_SLICE_MS, pump);

  function nudge(lane: Lane): void {
    const now = clock.now();
    if (canStart(lane, now)) ready.join(lane);
    else awaitPlace(lane, now);
    onRoom(lane);
    pump();
  }

  /** A lane that only its rate limit keeps back has nothing on the wire that would nudge it again. */
  function awaitPlace(lane: Lane, now: EpochMs): void {
    if (lane.nextStartAt > now && lane.queue.length > 0 && !isBlocked(lane, now)) {
      alarms.set(lane, Math.ceil(lane.nextStartAt));
    }
  }

  function pump(): void {
    if (pumping) return;
    pumping = true;
    starting.work(startNext);
    pumping = false;
  }

  /** Returns false when no lane may start. */
  function startNext(): boolean {
    if (halted || places.taken + settleQueueSize() >= SETTLE_QUEUE_MAX) return false;
    const lane = ready.next(hasPlace) ?? starved.next(hasUnprovenPlace);
    if (lane === null) return false;
    const now = clock.now();
    if (!canStart(lane, now)) awaitPlace(lane, now);
    else if (mustWait(lane)) starved.join(lane);
    else start(lane, now);
    return true;
  }

  function hasPlace(tenantSeq: Seq): boolean {
    return places.allowance(tenantSeq) >= 1;
  }

  /** Counted twice, so that lanes without a success leave a third of the tenant's share to the others. */
  function hasUnprovenPlace(tenantSeq: Seq): boolean {
    return places.allowance(tenantSeq, unproven.of(tenantSeq)) >= 1;
  }

  /** The first attempt of a lane needs no more than the tenant's share: an endpoint that was quiet may be healthy. */
  function mustWait(lane: Lane): boolean {
    return !lane.proven && lane.inFlight > 0 && !hasUnprovenPlace(lane.tenantSeq);
  }

  function start(lane: Lane, now: EpochMs): void {
    const delivery = lane.queue.shift() as LeasedDelivery;
    if (!lane.proven) {
      unproven.take(lane.tenantSeq, 1);
      lane.unprovenInFlight += 1;
    }
    places.take(lane.tenantSeq, 1);
    lane.inFlight += 1;
    if (delivery.ordered) lane.barrier = true;
    started(lane, now);
    ready.join(lane); // whether it can go on is looked at when its turn comes
    attempt(lane, delivery);
  }

  function landed(lane: Lane): void {
    places.giveBack(lane.tenantSeq, 1);
    lane.inFlight -= 1;
    if (lane.unprovenInFlight > 0) {
      lane.unprovenInFlight -= 1;
      unproven.giveBack(lane.tenantSeq, 1);
    }
  }

  return {
    nudge,
    pump,
    landed,
    get halted() {
      return halted;
    },
    set halted(value) {
      halted = value;
      if (!value) pump();
    },
    get inFlight() {
      return places.taken;
    },
    close: () => alarms.stop(),
  };
}

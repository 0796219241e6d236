/** Starts deliveries: lanes in turn, within each lane's window and the house's bounds. */
import type { LeasedDelivery } from "../domain/delivery.ts";
import type { EpochMs } from "../domain/ids.ts";
import { IN_FLIGHT_MAX, IN_FLIGHT_UNPROVEN_MAX, SETTLE_QUEUE_MAX } from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";
import { type Alarms, createAlarms } from "./alarms.ts";
import { canStart, isBlocked, type Lane, started } from "./lane.ts";
import { createRounds } from "./rounds.ts";

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
  const rounds = createRounds();
  /** Lanes without a success yet that found no place on the wire; they stand in line again when one gets free. */
  const starved = new Set<Lane>();
  const alarms: Alarms<Lane> = createAlarms(clock, nudge);
  let inFlight = 0;
  let unprovenInFlight = 0;
  let halted = false;
  let pumping = false;

  function nudge(lane: Lane): void {
    const now = clock.now();
    if (canStart(lane, now)) rounds.join(lane);
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
    const now = clock.now();
    while (!halted && inFlight < IN_FLIGHT_MAX && inFlight + settleQueueSize() < SETTLE_QUEUE_MAX) {
      const lane = rounds.next();
      if (lane === null) break;
      if (canStart(lane, now)) start(lane, now);
      else awaitPlace(lane, now);
    }
    pumping = false;
  }

  function start(lane: Lane, now: EpochMs): void {
    if (!lane.proven) {
      // One attempt each lane may always make, or an endpoint that was quiet would wait for the dead ones.
      if (lane.inFlight > 0 && unprovenInFlight >= IN_FLIGHT_UNPROVEN_MAX) {
        starved.add(lane);
        return;
      }
      unprovenInFlight += 1;
      lane.unprovenInFlight += 1;
    }
    const delivery = lane.queue.shift() as LeasedDelivery;
    lane.inFlight += 1;
    inFlight += 1;
    if (delivery.ordered) lane.barrier = true;
    started(lane, now);
    rounds.join(lane); // whether it can go on is looked at when its turn comes
    attempt(lane, delivery);
  }

  function landed(lane: Lane): void {
    lane.inFlight -= 1;
    inFlight -= 1;
    if (lane.unprovenInFlight > 0) {
      lane.unprovenInFlight -= 1;
      unprovenInFlight -= 1;
    }
    const [first] = starved;
    if (first !== undefined) {
      starved.delete(first);
      rounds.join(first);
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
      return inFlight;
    },
    close: () => alarms.stop(),
  };
}

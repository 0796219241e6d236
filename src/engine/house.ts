/** All lanes in memory, and the bounds that they share. */
import type { LeasedDelivery } from "../domain/delivery.ts";
import type { Destination } from "../domain/endpoint.ts";
import type { EpochMs, LeaseToken, Seq } from "../domain/ids.ts";
import { HOUSE_BYTES_MAX, HOUSE_DELIVERIES_MAX } from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { Lease } from "../ports/store.ts";
import { createLane, isIdle, type Lane, room } from "./lane.ts";

export interface House {
  get(endpointSeq: Seq): Lane | undefined;
  /** The endpoint's lane, made when there is none. */
  open(endpoint: Destination): Lane;
  /** Whether the lane and the house can hold one more delivery. */
  hasRoom(lane: Lane, bytes: number): boolean;
  admit(lane: Lane, delivery: LeasedDelivery): void;
  /** Take the front delivery off its lane's queue; it stays on the house's account until `leave`. */
  leave(delivery: LeasedDelivery): void;
  /** Empty a lane's queue; the deliveries leave the house. */
  evict(lane: Lane): LeasedDelivery[];
  /** Lanes that hold nothing and were not used for a while: they are closed. */
  closeIdle(now: EpochMs): Lane[];
  lanes(): IterableIterator<Lane>;
  /** Every lease that this node holds, by token. */
  readonly leases: ReadonlyMap<LeaseToken, Lease>;
  readonly bytes: number;
  readonly size: number;
}

/** A lane that was used within this time stays, so that a steady trickle does not open and close it each time. */
const IDLE_MS = 2000;

export function createHouse(clock: Clock): House {
  const lanes = new Map<Seq, Lane>();
  const leases = new Map<LeaseToken, Lease>();
  let bytes = 0;

  function leave(delivery: LeasedDelivery): void {
    if (leases.delete(delivery.token)) bytes -= delivery.event.payload.length;
  }

  return {
    get: (endpointSeq) => lanes.get(endpointSeq),
    open(endpoint) {
      let lane = lanes.get(endpoint.seq);
      if (lane === undefined) {
        lane = createLane(endpoint, clock.now());
        lanes.set(endpoint.seq, lane);
      } else if (isNewer(endpoint, lane.endpoint)) {
        // It was opened for a publish that had matched a list from before a change.
        lane.endpoint = endpoint;
      }
      return lane;
    },
    hasRoom: (lane, more) => leases.size < HOUSE_DELIVERIES_MAX && bytes + more <= HOUSE_BYTES_MAX && room(lane) > 0,
    admit(lane, delivery) {
      leases.set(delivery.token, { deliverySeq: delivery.seq, token: delivery.token });
      bytes += delivery.event.payload.length;
      lane.queue.push(delivery);
    },
    leave,
    evict(lane) {
      const evicted = lane.queue;
      lane.queue = [];
      for (const delivery of evicted) leave(delivery);
      return evicted;
    },
    closeIdle(now) {
      const closed = [...lanes.values()].filter((lane) => isIdle(lane) && now - lane.lastBusyAt >= IDLE_MS);
      for (const lane of closed) lanes.delete(lane.endpointSeq);
      return closed;
    },
    lanes: () => lanes.values(),
    leases,
    get bytes() {
      return bytes;
    },
    get size() {
      return lanes.size;
    },
  };
}

function isNewer(one: Destination, other: Destination): boolean {
  return one.generation > other.generation || one.updatedAt > other.updatedAt;
}

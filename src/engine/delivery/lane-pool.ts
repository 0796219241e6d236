/** All lanes in memory, and the bounds that they share. */
import type { LeasedDelivery } from "../../domain/delivery/delivery.ts";
import type { Destination } from "../../domain/endpoints/endpoint.ts";
import type { EpochMs, LeaseToken, Seq } from "../../domain/ids.ts";
import { LANE_POOL_BYTES_MAX, LANE_POOL_DELIVERIES_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Lease } from "../../ports/store.ts";
import { createShares } from "../scheduling/shares.ts";
import { bytesRoom, createLane, heldCount, isIdle, type Lane, room } from "./lane.ts";

export interface LanePool {
  get(endpointSeq: Seq): Lane | undefined;
  /** The endpoint's lane, made when there is none. */
  open(endpoint: Destination): Lane;
  /** How much more the lane may hold: by its own bounds, by its tenant's share, and by its own part of that share. */
  room(lane: Lane): Room;
  /** Whether the tenant may hold more, whichever of its lanes asks. */
  hasRoom(tenantSeq: Seq): boolean;
  /** The tenants that hold something and may hold no more. */
  fullTenants(): Seq[];
  /** Keep a place for a delivery of so many bytes. Returns false when there is no room for it. */
  reserve(lane: Lane, bytes: number): boolean;
  /** Give a reserved place back, whether or not its delivery came. */
  unreserve(lane: Lane, bytes: number): void;
  admit(lane: Lane, delivery: LeasedDelivery): void;
  /** A delivery that was taken off its lane's queue is settled, or given back to the store. */
  leave(lane: Lane, delivery: LeasedDelivery): void;
  /** Empty a lane's queue; the deliveries leave the pool. */
  evict(lane: Lane): LeasedDelivery[];
  /** Lanes that hold nothing and were not used for a while: they are closed. */
  closeIdle(now: EpochMs): Lane[];
  lanes(): IterableIterator<Lane>;
  /** Every lease that this node holds, by token. */
  readonly leases: ReadonlyMap<LeaseToken, Lease>;
  readonly bytes: number;
  readonly size: number;
}

export interface Room {
  readonly deliveries: number;
  readonly bytes: number;
}

/** A lane that was used within this time stays, so that a steady trickle does not open and close it each time. */
const IDLE_MS = 2000;

export function createLanePool(clock: Clock): LanePool {
  const lanes = new Map<Seq, Lane>();
  const leases = new Map<LeaseToken, Lease>();
  const count = createShares(LANE_POOL_DELIVERIES_MAX);
  const bytes = createShares(LANE_POOL_BYTES_MAX);

  function roomOf(lane: Lane): Room {
    return {
      deliveries: Math.min(room(lane), count.allowance(lane.tenantSeq, heldCount(lane))),
      bytes: Math.min(bytesRoom(lane), bytes.allowance(lane.tenantSeq, lane.bytes)),
    };
  }

  function take(lane: Lane, payloadBytes: number): void {
    count.take(lane.tenantSeq, 1);
    bytes.take(lane.tenantSeq, payloadBytes);
    lane.bytes += payloadBytes;
  }

  function giveBack(lane: Lane, payloadBytes: number): void {
    count.giveBack(lane.tenantSeq, 1);
    bytes.giveBack(lane.tenantSeq, payloadBytes);
    lane.bytes -= payloadBytes;
  }

  function leave(lane: Lane, delivery: LeasedDelivery): void {
    if (leases.delete(delivery.token)) giveBack(lane, delivery.event.payload.length);
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
    room: roomOf,
    hasRoom: (tenantSeq) => count.allowance(tenantSeq) > 0 && bytes.allowance(tenantSeq) > 0,
    fullTenants: () => [...new Set([...count.full(), ...bytes.full()])],
    reserve(lane, payloadBytes) {
      const left = roomOf(lane);
      if (left.deliveries < 1 || left.bytes < payloadBytes) return false;
      lane.reserved += 1;
      take(lane, payloadBytes);
      return true;
    },
    unreserve(lane, payloadBytes) {
      lane.reserved -= 1;
      giveBack(lane, payloadBytes);
    },
    admit(lane, delivery) {
      leases.set(delivery.token, { deliverySeq: delivery.seq, token: delivery.token });
      take(lane, delivery.event.payload.length);
      lane.queue.push(delivery);
    },
    leave,
    evict(lane) {
      const evicted = lane.queue;
      lane.queue = [];
      for (const delivery of evicted) leave(lane, delivery);
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
      return bytes.taken;
    },
    get size() {
      return lanes.size;
    },
  };
}

function isNewer(one: Destination, other: Destination): boolean {
  return one.generation > other.generation || one.updatedAt > other.updatedAt;
}

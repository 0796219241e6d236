/** All lanes in memory, the leases that they hold, and the bounds that they share. */
import type { LeasedDelivery } from "../../domain/delivery/delivery.ts";
import type { Destination } from "../../domain/endpoints/endpoint.ts";
import type { EpochMs, LeaseToken, Seq } from "../../domain/ids.ts";
import { LANE_POOL_BYTES_MAX, LANE_POOL_DELIVERIES_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Lease } from "../../ports/store.ts";
import { Shares } from "../scheduling/shares.ts";
import { Lane } from "./lane.ts";
import { NO_READERS, type NodeCount, ONE_NODE, type Readers } from "./lane-node.ts";

/** How much more a lane may hold. */
export interface Capacity {
  readonly deliveries: number;
  readonly bytes: number;
}

export class LanePool {
  readonly #clock: Pick<Clock, "now">;
  readonly #nodes: NodeCount;
  readonly #readers: Readers;
  readonly #lanes = new Map<Seq, Lane>();
  readonly #leases = new Map<LeaseToken, Lease>();
  readonly #deliveries = new Shares(LANE_POOL_DELIVERIES_MAX);
  readonly #bytes = new Shares(LANE_POOL_BYTES_MAX);

  constructor(clock: Pick<Clock, "now">, nodes: NodeCount = ONE_NODE, readers: Readers = NO_READERS) {
    this.#clock = clock;
    this.#nodes = nodes;
    this.#readers = readers;
  }

  /** The number of lanes. */
  get size(): number {
    return this.#lanes.size;
  }

  /** The payload bytes that all lanes hold. */
  get bytes(): number {
    return this.#bytes.taken;
  }

  /** Every lease that this node holds, by token. */
  get leases(): ReadonlyMap<LeaseToken, Lease> {
    return this.#leases;
  }

  /** How many deliveries of the tenant the lanes hold. */
  countOf(tenantSeq: Seq): number {
    let count = 0;
    for (const lane of this.#lanes.values()) if (lane.tenantSeq === tenantSeq) count += lane.deliveryCount;
    return count;
  }

  lanes(): IterableIterator<Lane> {
    return this.#lanes.values();
  }

  get(endpointSeq: Seq): Lane | undefined {
    return this.#lanes.get(endpointSeq);
  }

  /** The endpoint's lane, which is opened when there is none. An open lane takes over newer settings. */
  open(endpoint: Destination): Lane {
    let lane = this.#lanes.get(endpoint.seq);
    if (lane === undefined) {
      lane = new Lane(endpoint, this.#clock.now(), this.#nodes, this.#readers);
      this.#lanes.set(endpoint.seq, lane);
    } else {
      lane.setEndpointIfNewer(endpoint);
    }
    return lane;
  }

  /** Close the lanes that have been idle for a while. */
  closeIdle(now: EpochMs): Lane[] {
    const closed = [...this.#lanes.values()].filter((lane) => lane.isUnused(now));
    for (const lane of closed) this.#lanes.delete(lane.endpointSeq);
    return closed;
  }

  /** How much more the lane may hold: by its own bounds, by its tenant's share, and by its own part of that share. */
  capacity(lane: Lane): Capacity {
    const { tenantSeq } = lane;
    return {
      deliveries: Math.min(lane.leaseCapacity(), this.#deliveries.allowance(tenantSeq, lane.deliveryCount)),
      bytes: Math.min(lane.byteCapacity(), this.#bytes.allowance(tenantSeq, lane.bytes)),
    };
  }

  /** Whether the tenant may hold more, in any of its lanes. */
  hasCapacity(tenantSeq: Seq): boolean {
    return this.#deliveries.allowance(tenantSeq) > 0 && this.#bytes.allowance(tenantSeq) > 0;
  }

  /** The tenants that hold their whole share and may hold no more. */
  fullTenants(): Seq[] {
    return [...new Set([...this.#deliveries.full(), ...this.#bytes.full()])];
  }

  /** Reserve a slot in the lane for a delivery of so many bytes. Returns false when it does not fit. */
  reserve(lane: Lane, payloadBytes: number): boolean {
    const { deliveries, bytes } = this.capacity(lane);
    if (deliveries < 1 || bytes < payloadBytes) return false;
    lane.reserve(payloadBytes);
    this.#take(lane, payloadBytes);
    return true;
  }

  /** Free a reserved slot, whether or not its delivery came. */
  unreserve(lane: Lane, payloadBytes: number): void {
    lane.unreserve(payloadBytes);
    this.#free(lane, payloadBytes);
  }

  /** Queue a leased delivery in its lane. */
  enqueue(lane: Lane, delivery: LeasedDelivery): void {
    const { tenantSeq, seq, token } = delivery;
    this.#leases.set(token, { tenantSeq, deliverySeq: seq, token });
    this.#take(lane, delivery.event.payload.length);
    lane.enqueue(delivery);
  }

  /** A delivery that was taken off its lane's queue is settled, or released to the store. */
  remove(lane: Lane, delivery: LeasedDelivery): void {
    if (!this.#leases.delete(delivery.token)) return;
    this.#free(lane, delivery.event.payload.length);
    lane.remove(delivery);
  }

  /** Empty a lane's queue. The deliveries leave the pool. */
  evict(lane: Lane): LeasedDelivery[] {
    const evicted = lane.evict();
    for (const delivery of evicted) this.remove(lane, delivery);
    return evicted;
  }

  /** Take one delivery out of a lane's queue, and out of the pool. Returns null when it is not queued. */
  withdraw(lane: Lane, deliverySeq: Seq): LeasedDelivery | null {
    const delivery = lane.withdraw(deliverySeq);
    if (delivery !== null) this.remove(lane, delivery);
    return delivery;
  }

  #take({ tenantSeq }: Lane, payloadBytes: number): void {
    this.#deliveries.take(tenantSeq, 1);
    this.#bytes.take(tenantSeq, payloadBytes);
  }

  #free({ tenantSeq }: Lane, payloadBytes: number): void {
    this.#deliveries.free(tenantSeq, 1);
    this.#bytes.free(tenantSeq, payloadBytes);
  }
}

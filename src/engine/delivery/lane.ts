/** A lane in memory: what this node has leased of one endpoint's deliveries, and whether the next may start. */
import type { LeasedDelivery } from "../../domain/delivery/delivery.ts";
import { isProbing, startWindow } from "../../domain/delivery/health.ts";
import type { Destination } from "../../domain/endpoints/endpoint.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import {
  LANE_HOLD_BYTES_MAX,
  LANE_HOLD_MAX,
  LANE_HOLD_SECONDS,
  LANE_HOLD_UNPROVEN_COUNT_MAX,
} from "../../domain/limits.ts";
import type { LaneState } from "../../ports/store.ts";

export interface Lane {
  readonly endpointSeq: Seq;
  readonly tenantSeq: Seq;
  endpoint: Destination;
  /** In the lane's order; taken from the front. */
  queue: LeasedDelivery[];
  /** Leases that a publish under way may bring. */
  reserved: number;
  /** Payload bytes of all that it holds, and of what is reserved. */
  bytes: number;
  inFlight: number;
  /** Attempts that ended and are not yet settled; an ordered delivery goes on only after its settlement. */
  settling: number;
  /** Failed attempts not yet settled. They keep their places in the window: twenty failures must be seen as twenty. */
  failing: number;
  /** Releases under way; what was given back goes before whatever an ordered lane gets next. */
  returning: number;
  /** An ordered delivery is on the wire or being settled: nothing starts beside it. */
  barrier: boolean;
  /** How many may be on the wire; grows with success. */
  window: number;
  /** A success since it became busy. */
  proven: boolean;
  probing: boolean;
  held: boolean;
  heldMs: number;
  /** No attempt before this: rest or wait. */
  blockedUntil: EpochMs;
  /** When the store next has something for it; null when nothing. */
  readyAt: EpochMs | null;
  /** The rate limit's next free place. */
  nextStartAt: EpochMs;
  /** Smoothed duration of an attempt, for how much to hold. */
  attemptMs: number;
  claiming: boolean;
  /** Of the latest state taken over from the store. */
  revision: number;
  /** Attempts on the wire that were started before its first success. */
  unprovenInFlight: number;
  lastBusyAt: EpochMs;
}

/** Until an endpoint has answered: as if it took this long. */
const ATTEMPT_MS_FIRST = 100;

export function createLane(endpoint: Destination, now: EpochMs): Lane {
  return {
    endpointSeq: endpoint.seq,
    tenantSeq: endpoint.tenantSeq,
    endpoint,
    queue: [],
    reserved: 0,
    bytes: 0,
    inFlight: 0,
    settling: 0,
    failing: 0,
    returning: 0,
    barrier: false,
    window: startWindow(endpoint.maxInFlight),
    proven: false,
    probing: false,
    held: endpoint.status !== "ACTIVE",
    heldMs: 0,
    blockedUntil: 0,
    readyAt: null,
    nextStartAt: 0,
    attemptMs: ATTEMPT_MS_FIRST,
    claiming: false,
    revision: 0,
    unprovenInFlight: 0,
    lastBusyAt: now,
  };
}

/** Take over what the store says of the lane, unless something newer was taken over before. */
export function applyState(lane: Lane, state: LaneState): void {
  if (state.revision < lane.revision) return;
  lane.revision = state.revision;
  lane.readyAt = state.readyAt;
  lane.held = state.held;
  lane.heldMs = state.heldMs;
  lane.probing = isProbing(state.health);
  lane.blockedUntil = Math.max(state.health.restUntil ?? 0, state.waitUntil ?? 0);
}

export function isBlocked(lane: Lane, now: EpochMs): boolean {
  return lane.held || lane.blockedUntil > now;
}

/** How many may be on the wire now. */
function inFlightLimit(lane: Lane): number {
  return lane.probing ? 1 : Math.min(lane.window, lane.endpoint.maxInFlight);
}

/** Whether the delivery at the front may start, as far as the lane itself is concerned. */
export function canStart(lane: Lane, now: EpochMs): boolean {
  const first = lane.queue[0];
  if (first === undefined || lane.barrier || isBlocked(lane, now)) return false;
  if (first.ordered && lane.inFlight + lane.settling > 0) return false;
  return lane.inFlight + lane.failing < inFlightLimit(lane) && lane.nextStartAt <= now;
}

/** How many deliveries may queue here: what the lane can start within `LANE_HOLD_SECONDS`, at least its window. */
function holdLimit(lane: Lane): number {
  const limit = inFlightLimit(lane);
  const perSecond = (limit * 1000) / Math.max(lane.attemptMs, 1);
  const pace = Math.min(perSecond, lane.endpoint.rateLimitPerSecond ?? Number.POSITIVE_INFINITY);
  const most = lane.proven ? LANE_HOLD_MAX : LANE_HOLD_UNPROVEN_COUNT_MAX;
  return Math.min(Math.max(Math.ceil(pace * LANE_HOLD_SECONDS), limit), most);
}

/** What the lane holds: queued, reserved, on the wire, or not settled yet. */
export function heldCount({ queue, reserved, inFlight, settling }: Lane): number {
  return queue.length + reserved + inFlight + settling;
}

/** How many more payload bytes the lane may take; it takes one delivery whatever its size. */
export function bytesRoom(lane: Lane): number {
  return heldCount(lane) === 0 ? Number.POSITIVE_INFINITY : LANE_HOLD_BYTES_MAX - lane.bytes;
}

/** How many more leases the lane may take. */
export function room(lane: Lane): number {
  const queued = lane.queue.length + lane.reserved;
  if (lane.probing) return Math.max(0, 1 - queued - lane.inFlight - lane.settling);
  return Math.max(0, holdLimit(lane) - queued);
}

/**
 * Whether to claim from the store now. An ordered lane claims only when it holds nothing: what it had claimed beside a
 * delivery that then fails would be sent before it.
 */
export function wantsClaim(lane: Lane, now: EpochMs): boolean {
  if (lane.claiming || lane.readyAt === null || lane.readyAt > now || isBlocked(lane, now)) return false;
  return lane.endpoint.ordered ? isIdle(lane) : isWorthClaiming(lane);
}

/** A claim reads the lane and its endpoint, however little it brings: so it waits until half of the queue is free. */
function isWorthClaiming(lane: Lane): boolean {
  const free = room(lane);
  return free > 0 && (lane.probing || 2 * free >= holdLimit(lane));
}

export function isIdle(lane: Lane): boolean {
  const { queue, reserved, inFlight, settling, returning } = lane;
  return queue.length + reserved + inFlight + settling + returning === 0 && !lane.claiming;
}

/** Note that a delivery was started: the rate limit's next place. */
export function started(lane: Lane, now: EpochMs): void {
  lane.lastBusyAt = now;
  const perSecond = lane.endpoint.rateLimitPerSecond;
  if (perSecond !== null) lane.nextStartAt = Math.max(lane.nextStartAt, now) + 1000 / perSecond;
}

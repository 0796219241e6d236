/**
 * A lane: the deliveries of one endpoint that this node has leased, and the rules for when the next one may start.
 *
 * A lane changes only through its methods, one for each thing that can happen to it. Other classes query it.
 */
import type { LeasedDelivery } from "../../domain/delivery/delivery.ts";
import { isProbing, nextWindow, startWindow } from "../../domain/delivery/health.ts";
import { isPaced, shareInFlight } from "../../domain/delivery/pace.ts";
import type { Destination } from "../../domain/endpoints/endpoint.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import {
  LANE_BYTES_MAX,
  LANE_DELIVERIES_MAX,
  LANE_QUEUE_SECONDS,
  LANE_UNPROVEN_DELIVERIES_MAX,
} from "../../domain/limits.ts";
import type { Drain, LaneOwner, LaneState } from "../../ports/store.ts";
import type { AttemptMade } from "./attempts.ts";
import { NO_READERS, type NodeCount, ONE_NODE, type Readers, readerLimit } from "./lane-node.ts";

/** The assumed duration of an attempt until the endpoint has answered one. */
const ATTEMPT_MS_FIRST = 100;
/** The weight of the latest attempt in the smoothed duration. */
const ATTEMPT_MS_WEIGHT = 0.1;
/** An idle lane stays open this long, so that a steady trickle does not open and close it with each delivery. */
const IDLE_MS = 2000;

export class Lane {
  readonly endpointSeq: Seq;
  readonly tenantSeq: Seq;
  readonly #nodes: NodeCount;
  readonly #readers: Readers;
  #endpoint: Destination;

  /** The deliveries that wait here, in the order in which they start. */
  #queue: LeasedDelivery[] = [];
  /** The slots reserved for leases that publishes in progress may bring. */
  #reserved = 0;
  /** The payload bytes of everything that the lane holds, including what is reserved. */
  #bytes = 0;
  /** Attempts in flight. */
  #inFlight = 0;
  /** The attempts in flight that started before the first success. */
  #unprovenInFlight = 0;
  /** Attempts that have ended and whose result is not stored yet. */
  #settling = 0;
  /**
   * Failed attempts that are not stored yet. They count against the window, so that there cannot be more than 20
   * failures before the endpoint rests.
   */
  #failing = 0;
  /** Releases in progress. An ordered lane waits for them: the released deliveries come first. */
  #releasing = 0;
  /** Whether an ordered delivery is in flight or being settled: nothing else starts until it is settled. */
  #barrier = false;
  #claiming = false;

  /** How many attempts may be in flight at once. It grows with each success. */
  #window: number;
  /** Whether an attempt has succeeded since the lane was opened. */
  #proven = false;
  /** The smoothed duration of an attempt. It decides how many deliveries the lane may hold. */
  #attemptMs = ATTEMPT_MS_FIRST;
  /** The earliest start that the rate limit allows. */
  #nextStartAt: EpochMs = 0;
  #lastBusyAt: EpochMs;

  /** The revision of the newest state of the store that was applied. */
  #revision = 0;
  /** The revision with which the endpoint's settings were read. */
  #settingsRevision = 0;
  /** When the store next has a delivery for this lane; null when it has none. */
  #readyAt: EpochMs | null = null;
  #held: boolean;
  #heldMs = 0;
  #owner: LaneOwner = "nobody";
  #drain: Drain | null = null;
  #probing = false;
  /** No attempt starts before this time: the endpoint rests, or it asked for a wait. */
  #blockedUntil: EpochMs = 0;

  constructor(endpoint: Destination, now: EpochMs, nodes: NodeCount = ONE_NODE, readers: Readers = NO_READERS) {
    this.#nodes = nodes;
    this.#readers = readers;
    this.endpointSeq = endpoint.seq;
    this.tenantSeq = endpoint.tenantSeq;
    this.#endpoint = endpoint;
    this.#window = startWindow(endpoint.maxInFlight);
    this.#held = endpoint.status !== "ACTIVE";
    this.#lastBusyAt = now;
  }

  // ── Read-only state ────────────────────────────────────────────────────────────────────────────────────

  get endpoint(): Destination {
    return this.#endpoint;
  }

  /** How long the endpoint had been held before its current active time. */
  get heldMs(): number {
    return this.#heldMs;
  }

  /** The revision with which the endpoint's settings were read. The newest state can be of a later one. */
  get settingsRevision(): number {
    return this.#settingsRevision;
  }

  get isProven(): boolean {
    return this.#proven;
  }

  /** How many attempts may be in flight at once now. */
  get window(): number {
    return this.#inFlightLimit();
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How many deliveries the lane holds: queued, reserved, in flight, or not settled yet. */
  get deliveryCount(): number {
    return this.#queue.length + this.#reserved + this.#inFlight + this.#settling;
  }

  /** Whether the lane holds nothing and waits for nothing. */
  get isIdle(): boolean {
    return this.deliveryCount + this.#releasing === 0 && !this.#claiming;
  }

  /** Whether the lane may be closed: it is idle, and has been for a while. Of a listener with a reader, never. */
  isUnused(now: EpochMs): boolean {
    if (!this.isIdle || now - this.#lastBusyAt < IDLE_MS) return false;
    return this.#endpoint.transport === "http" || !this.#readers.isRead(this.endpointSeq);
  }

  // ── The endpoint, and the store's state of the lane ───────────────────────────────────────────────────────────────

  /** Apply what one transaction of the store saw, unless the lane has something newer. */
  apply(endpoint: Destination, state: LaneState): void {
    if (state.revision >= this.#settingsRevision) {
      this.#settingsRevision = state.revision;
      this.setEndpoint(endpoint);
    }
    this.applyState(state);
  }

  /** Apply the endpoint's current settings. */
  setEndpoint(endpoint: Destination): void {
    this.#endpoint = endpoint;
    this.#window = Math.min(this.#window, endpoint.maxInFlight);
  }

  /** Apply the endpoint's settings unless the lane has newer ones: a publish may have matched an outdated list. */
  setEndpointIfNewer(endpoint: Destination): void {
    const { generation, updatedAt } = this.#endpoint;
    if (endpoint.generation > generation || endpoint.updatedAt > updatedAt) this.setEndpoint(endpoint);
  }

  /** Apply the state that the store returned, unless the lane already has a newer one. */
  applyState(state: LaneState): void {
    if (state.revision < this.#revision) return;
    this.#revision = state.revision;
    this.#readyAt = state.readyAt;
    this.#held = state.held;
    this.#heldMs = state.heldMs;
    this.#owner = state.owner;
    if (state.owner !== "self" || state.readyAt === null) this.#drain = null;
    this.#probing = isProbing(state.health);
    this.#blockedUntil = Math.max(state.health.restUntil ?? 0, state.waitUntil ?? 0);
  }

  /** Set while only this node leases from the lane. */
  get drain(): Drain | null {
    return this.#drain;
  }

  /** What a claim has made of the lane, after `apply`. */
  setDrain(drain: Drain | null): void {
    this.#drain = drain;
  }

  /** The store has a delivery for the lane from `readyAt` on. */
  wake(readyAt: EpochMs): void {
    if (this.#readyAt === null || readyAt < this.#readyAt) this.#readyAt = readyAt;
  }

  // ── Leases: how deliveries enter the lane, and how they leave it unsent ────────────────────────────────────────────────

  /** How many more leases the lane may take. */
  leaseCapacity(): number {
    const queued = this.#queue.length + this.#reserved;
    if (this.#probing) return Math.max(0, 1 - queued - this.#inFlight - this.#settling);
    return Math.max(0, this.#queueLimit() - queued);
  }

  /** How many more payload bytes the lane may take. An empty lane takes one delivery of any size. */
  byteCapacity(): number {
    return this.deliveryCount === 0 ? Number.POSITIVE_INFINITY : LANE_BYTES_MAX - this.#bytes;
  }

  /** Reserve a slot for a delivery that a publish is about to lease. */
  reserve(payloadBytes: number): void {
    this.#reserved += 1;
    this.#bytes += payloadBytes;
  }

  /** The publish is over: free its slot, whether or not its delivery came. */
  unreserve(payloadBytes: number): void {
    this.#reserved -= 1;
    this.#bytes -= payloadBytes;
  }

  /** Whether a delivery that a publish leased must be released: the store holds ordered deliveries that precede it. */
  isOvertaking({ ordered }: LeasedDelivery): boolean {
    return ordered && (this.#readyAt !== null || this.#releasing > 0);
  }

  /** Queue a leased delivery. Who leases from a paced lane owns it. */
  enqueue(delivery: LeasedDelivery): void {
    if (this.#isPaced) this.#owner = "self";
    this.#bytes += delivery.event.payload.length;
    this.#queue.push(delivery);
  }

  /** Whether the lane must release what it has queued: a blocked lane holds no unsent lease. */
  mustRelease(now: EpochMs): boolean {
    return this.#queue.length > 0 && (this.#isBlocked(now) || this.#isForOthers);
  }

  /** Take all queued deliveries out of the queue; `remove` follows for each of them. */
  evict(): LeasedDelivery[] {
    const evicted = this.#queue;
    this.#queue = [];
    return evicted;
  }

  /** Take one queued delivery out of the queue; `remove` follows. Returns null when it is not queued. */
  withdraw(deliverySeq: Seq): LeasedDelivery | null {
    const index = this.#queue.findIndex(({ seq }) => seq === deliverySeq);
    return index === -1 ? null : (this.#queue.splice(index, 1)[0] ?? null);
  }

  /** A delivery that was taken out of the queue is no longer this node's: its bytes are free again. */
  remove(delivery: LeasedDelivery): void {
    this.#bytes -= delivery.event.payload.length;
  }

  /** The store is about to release deliveries of this lane. */
  beginRelease(): void {
    this.#releasing += 1;
  }

  endRelease(): void {
    this.#releasing -= 1;
  }

  // ── Claims from the store ─────────────────────────────────────────────────────────────────────────────────────────

  /** The earliest time at which a claim can bring something; null while there is nothing to claim. */
  claimableAt(): EpochMs | null {
    return this.#isHeld || this.#readyAt === null ? null : Math.max(this.#readyAt, this.#blockedUntil);
  }

  /**
   * Whether to claim from the store now. An ordered lane claims only when it holds nothing. Otherwise it could claim
   * deliveries next to one that then fails, and send them before its retry.
   */
  wantsClaim(now: EpochMs): boolean {
    if (this.#claiming || this.#readyAt === null || this.#readyAt > now || this.#isBlocked(now)) return false;
    if (this.#drain?.isLast && this.deliveryCount >= this.#share) return false;
    return this.#endpoint.ordered ? this.isIdle : this.#isWorthClaiming();
  }

  beginClaim(): void {
    this.#claiming = true;
  }

  endClaim(): void {
    this.#claiming = false;
  }

  // ── Attempts: start, land, settle ─────────────────────────────────────────────────────────────────────────────────

  /** Whether the lane itself allows the delivery at the front of the queue to start. */
  canStart(now: EpochMs): boolean {
    const first = this.#queue[0];
    if (first === undefined || this.#barrier || this.#isBlocked(now) || this.#isForOthers) return false;
    if (first.ordered && this.#inFlight + this.#settling > 0) return false;
    return this.#inFlight + this.#failing < this.#inFlightLimit() && this.#nextStartAt <= now;
  }

  /** When the rate limit allows the next start; null when the lane is not waiting for its rate limit. */
  rateLimitedUntil(now: EpochMs): EpochMs | null {
    const waits = this.#nextStartAt > now && this.#queue.length > 0 && !this.#isBlocked(now);
    return waits ? Math.ceil(this.#nextStartAt) : null;
  }

  /** Start the delivery at the front of the queue. Call it only when `canStart` allows it. */
  start(now: EpochMs): LeasedDelivery {
    const delivery = this.#queue.shift() as LeasedDelivery;
    this.#inFlight += 1;
    if (!this.#proven) this.#unprovenInFlight += 1;
    if (delivery.ordered) this.#barrier = true;
    this.#lastBusyAt = now;
    const perSecond = this.#endpoint.rateLimitPerSecond;
    if (perSecond !== null) this.#nextStartAt = Math.max(this.#nextStartAt, now) + 1000 / perSecond;
    return delivery;
  }

  /**
   * An attempt has ended, and its result is about to be stored.
   *
   * @param made null when the attempt was aborted: it says nothing about the endpoint
   * @returns whether to free the slot of an attempt that started before the lane's first success
   */
  land(made: AttemptMade | null): boolean {
    this.#inFlight -= 1;
    this.#settling += 1;
    if (made !== null) this.#learn(made);
    if (this.#unprovenInFlight === 0) return false;
    this.#unprovenInFlight -= 1;
    return true;
  }

  /** The attempt's result is stored, or its delivery is back in the store. Call it with what `land` got. */
  settle(delivery: LeasedDelivery, made: AttemptMade | null): void {
    this.#settling -= 1;
    if (made?.transition.health === "failure") this.#failing -= 1;
    if (delivery.ordered) this.#barrier = false;
  }

  #learn({ attempt, transition }: AttemptMade): void {
    const success = transition.health === "success";
    this.#window = nextWindow(this.#window, { success, narrow: transition.narrow }, this.#endpoint.maxInFlight);
    this.#proven ||= success;
    if (transition.health === "failure") this.#failing += 1;
    // The store's state confirms it. Until then nothing more goes to an endpoint that is being disabled.
    this.#held ||= transition.disable !== null;
    this.#attemptMs += (attempt.endedAt - attempt.startedAt - this.#attemptMs) * ATTEMPT_MS_WEIGHT;
    if (transition.throttleUntil !== null) {
      this.#blockedUntil = Math.max(this.#blockedUntil, transition.throttleUntil);
    }
  }

  #isBlocked(now: EpochMs): boolean {
    return this.#isHeld || this.#blockedUntil > now;
  }

  /** A reader that has just gone holds the lane at once, although the store learns it a moment later. */
  get #isHeld(): boolean {
    return this.#held || (this.#endpoint.transport === "stream" && !this.#readers.isRead(this.endpointSeq));
  }

  get #isPaced(): boolean {
    const { ordered, rateLimitPerSecond, maxInFlight, transport } = this.#endpoint;
    const pace = { ordered, rateLimited: rateLimitPerSecond !== null, maxInFlight, streamed: transport === "stream" };
    return isPaced(pace, this.#nodes.count);
  }

  /** Whether this node may send nothing, because the lane became paced, or another node owns it. */
  get #isForOthers(): boolean {
    return this.#nodes.count > 1 && this.#owner !== "self" && this.#isPaced;
  }

  /** This node's part of the attempts that may be in flight. A listener has its reader on one node. */
  get #share(): number {
    if (this.#endpoint.transport === "stream") return this.#endpoint.maxInFlight;
    return shareInFlight(this.#endpoint.maxInFlight, this.#nodes.count);
  }

  #inFlightLimit(): number {
    if (this.#probing) return 1;
    const unused = this.#drain === null ? 0 : this.#endpoint.maxInFlight - this.#drain.others;
    const limit = Math.min(this.#window, Math.max(this.#share, unused));
    const { transport } = this.#endpoint;
    return transport === "http" ? limit : readerLimit(limit, this.#endpoint, this.#attemptMs, this.#readers);
  }

  /** How many deliveries may queue here: what the lane can start within `LANE_QUEUE_SECONDS`, and at least its window. */
  #queueLimit(): number {
    const limit = this.#inFlightLimit();
    const perSecond = (limit * 1000) / Math.max(this.#attemptMs, 1);
    const pace = Math.min(perSecond, this.#endpoint.rateLimitPerSecond ?? Number.POSITIVE_INFINITY);
    const most = this.#proven ? LANE_DELIVERIES_MAX : LANE_UNPROVEN_DELIVERIES_MAX;
    return Math.min(Math.max(Math.ceil(pace * LANE_QUEUE_SECONDS), limit), most);
  }

  /** A claim has a fixed cost, so the lane waits until half of what it may hold is free. */
  #isWorthClaiming(): boolean {
    const free = this.leaseCapacity();
    return free > 0 && (this.#probing || 2 * free >= this.#queueLimit());
  }
}

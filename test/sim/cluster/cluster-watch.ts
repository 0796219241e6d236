/** Checks what must hold between the processes that share a store. */
import { isProbing } from "../../../src/domain/delivery/health.ts";
import { TOKENS_PER_NODE } from "../../../src/domain/delivery/lease-token.ts";
import type { Seq, Uuid } from "../../../src/domain/ids.ts";
import type { Heartbeat, LaneState } from "../../../src/ports/store.ts";
import { readLane } from "../../../src/store/delivery/lane-rows.ts";
import { uuidBytes } from "../../../src/store/rows.ts";
import { type ClusterWatch, LEARNT_MS, type Process, type World } from "../machine.ts";
import type { KnownEndpoint } from "../model.ts";
import type { Sent } from "../network.ts";
import { CLOCK_START_MS } from "../store.ts";

/** Within this time after nodes came or went, or a limit changed, attempts that began before can still be in flight. */
const SETTLE_MS = 5000;
/** A process that reaches the store stores a heartbeat at least this often. */
const HEARTBEAT_MS_MAX = 5000;
/** What a node that died had leased waits at most this long; see docs/deploy.md. */
const TAKEN_OVER_MS_MAX = 31_000;

type Wrong = (what: string) => void;

interface KnownBlock {
  readonly restUntil: number;
  readonly waitUntil: number;
  readonly sinceMs: number;
}

class Checks implements ClusterWatch {
  readonly #world: World;
  readonly #beats = new Map<Process, Heartbeat>();
  readonly #onWire = new Map<number, Set<Sent>>();
  readonly #starts = new Map<number, number[]>();
  readonly #latest = new Map<Uuid, Sent>();
  /** What some process knows of the endpoint's rests and waits, the oldest first. */
  readonly #blocks = new Map<Seq, KnownBlock[]>();
  readonly #judged = new Set<number>();
  /** The nodes that were alive at the last check. */
  #alive = "";
  /** Since when all processes agree on how many there are. */
  #agreedSinceMs = 0;

  constructor(world: World) {
    this.#world = world;
  }

  started(process: Process, endpoint: KnownEndpoint, sent: Sent, deliveryId: Uuid | null): void {
    const wrong = (what: string) => this.#world.fault(`send ${sent.number} to site ${sent.site}: ${what}`);
    if (!this.#isLive(process.node)) wrong(`node ${process.node} is gone`);
    this.#checkTwice(deliveryId, sent, wrong);
    this.#checkInFlight(process, endpoint, sent, wrong);
    this.#checkOwner(process, endpoint, wrong);
    this.#checkRate(endpoint, sent, wrong);
    this.#checkBlock(process, endpoint, wrong);
    if (endpoint.ordered) this.#checkOrder(endpoint, sent, wrong);
  }

  heard(sent: Sent): void {
    this.#onWire.get(sent.site)?.delete(sent);
  }

  // ── One delivery, one node ────────────────────────────────────────────────────────────────────────────────────────

  #checkTwice(deliveryId: Uuid | null, sent: Sent, wrong: Wrong): void {
    if (deliveryId === null) return;
    const before = this.#latest.get(deliveryId);
    this.#latest.set(deliveryId, sent);
    if (before === undefined) return;
    if (before.headers["webhook-id"] !== sent.headers["webhook-id"]) wrong("a repeat has another webhook-id");
    if (before.heard === null && this.#isLive(before.node)) wrong(`send ${before.number} of it is still in flight`);
  }

  #isLive(node: number): boolean {
    return this.#world.endOf(node) === null;
  }

  // ── What the nodes share of an endpoint ───────────────────────────────────────────────────────────────────────────

  #checkInFlight(process: Process, endpoint: KnownEndpoint, sent: Sent, wrong: Wrong): void {
    this.#checkAgreed();
    const onWire = this.#onWire.get(sent.site) ?? new Set();
    this.#onWire.set(sent.site, onWire.add(sent));
    const settledMs = Math.max(this.#agreedSinceMs, endpoint.maxInFlight.changedMs) + SETTLE_MS;
    const counted = [...onWire].filter(({ node, startedMs }) => startedMs >= settledMs && this.#isLive(node));
    const limits = endpoint.maxInFlight.possibleSince(this.#world.knownSinceMs(process));
    const limit = endpoint.ordered ? 1 : Math.max(...limits);
    if (counted.length > limit) {
      const by = counted.map(({ node }) => node);
      wrong(`${counted.length} attempts of nodes ${by} are in flight, the limit is ${limit}`);
    }
    const health = readLane(this.#world.disk, endpoint.seq).health;
    if (!isProbing(health) || health.restUntil === null) return;
    const probingMs = this.#knownSince(endpoint.seq, ({ restUntil }) => restUntil === health.restUntil) + LEARNT_MS;
    const probes = counted.filter(({ startedMs }) => startedMs > probingMs);
    if (probes.length > 1) wrong(`${probes.length} probes of nodes ${probes.map(({ node }) => node)} are in flight`);
  }

  /** An ordered or rate-limited endpoint belongs to one node. */
  #checkOwner(process: Process, endpoint: KnownEndpoint, wrong: Wrong): void {
    if (!endpoint.ordered && endpoint.rateLimitPerSecond === null) return;
    const { owner } = readLane(this.#world.disk, endpoint.seq);
    if (owner !== process.node) wrong(`node ${process.node} sends, and the owner is ${owner}`);
  }

  #checkRate({ rateLimitPerSecond }: KnownEndpoint, { site, startedMs }: Sent, wrong: Wrong): void {
    if (rateLimitPerSecond === null) return;
    const recent = (this.#starts.get(site) ?? []).filter((at) => at > startedMs - 1000);
    this.#starts.set(site, [...recent, startedMs]);
    // One more when the owner changes, and one because the clock shows whole milliseconds.
    if (recent.length > rateLimitPerSecond + 1) wrong(`${recent.length + 1} attempts in a second by all nodes`);
  }

  /** The endpoint rests or waits, and another process has known it for long enough. */
  #checkBlock(process: Process, endpoint: KnownEndpoint, wrong: Wrong): void {
    const lane = readLane(this.#world.disk, endpoint.seq);
    const now = process.now();
    const knownMs = this.#world.knownSinceMs(process);
    const { restUntil } = lane.health;
    if ((restUntil ?? 0) > now && this.#knownSince(endpoint.seq, (known) => known.restUntil === restUntil) < knownMs)
      wrong("the endpoint rests, as another node has stored");
    const { waitUntil } = lane;
    if ((waitUntil ?? 0) > now && this.#knownSince(endpoint.seq, (known) => known.waitUntil === waitUntil) < knownMs)
      wrong("the endpoint waits, as another node has stored");
  }

  #knownSince(seq: Seq, is: (known: KnownBlock) => boolean): number {
    return this.#blocks.get(seq)?.find(is)?.sinceMs ?? this.#world.timeline.nowMs;
  }

  saw({ endpointSeq, health, waitUntil }: LaneState): void {
    const known = { restUntil: health.restUntil ?? 0, waitUntil: waitUntil ?? 0, sinceMs: this.#world.timeline.nowMs };
    const blocks = this.#blocks.get(endpointSeq) ?? [];
    const last = blocks.at(-1);
    if (last?.restUntil === known.restUntil && last.waitUntil === known.waitUntil) return;
    this.#blocks.set(endpointSeq, [...blocks, known]);
  }

  /** No event whose 202 came before the request of this one may still wait for its first attempt. */
  #checkOrder(endpoint: KnownEndpoint, sent: Sent, wrong: Wrong): void {
    const { model, disk } = this.#world;
    const id = String(sent.headers["webhook-id"]).slice("evt_".length) as Uuid;
    const event = model.events.get(id);
    if (event === undefined || Number(sent.headers["x-webhook-attempt"] ?? 1) > 1) return;
    for (const other of model.events.values()) {
      if (other.answeredMs >= event.askedMs) continue;
      const delivery = other.deliveries.find(({ endpointId }) => endpointId === endpoint.id);
      if (delivery === undefined) continue;
      const waits = disk.prepare(WAITS_FIRST).get(uuidBytes(delivery.deliveryId));
      if (waits !== undefined) wrong(`event ${other.id} came first, and waits as delivery ${waits.seq}`);
    }
  }

  // ── Which nodes are alive ─────────────────────────────────────────────────────────────────────────────────────────

  beat(process: Process, heartbeat: Heartbeat): void {
    this.#beats.set(process, heartbeat);
    this.#checkAgreed();
    const { running, timeline, fault } = this.#world;
    const leaders = running.filter((one) => this.#beats.get(one)?.isLeader).length;
    if (timeline.nowMs - this.#agreedSinceMs > HEARTBEAT_MS_MAX && leaders !== 1) fault(`there are ${leaders} leaders`);
  }

  #checkAgreed(): void {
    const { disk, running, timeline } = this.#world;
    const alive = disk
      .prepare("SELECT node FROM nodes WHERE gone_at IS NULL")
      .all()
      .map(({ node }) => Number(node));
    const isSame = alive.join() === this.#alive;
    this.#alive = alive.join();
    const agrees = (process: Process) =>
      !process.stopping &&
      !process.isCut &&
      !process.timeline.isFrozen &&
      this.#beats.get(process)?.nodes === alive.length;
    if (!isSame || running.length !== alive.length || !running.every(agrees)) this.#agreedSinceMs = timeline.nowMs;
  }

  poll(): void {
    this.#checkJudged();
    this.#checkTakenOver();
  }

  /** A node that reaches the store is not taken for dead. */
  #checkJudged(): void {
    const { disk, running, fault } = this.#world;
    for (const { node: number, gone_at } of disk.prepare("SELECT node, gone_at FROM nodes WHERE is_void = 1").all()) {
      const node = Number(number);
      if (this.#judged.has(node)) continue;
      this.#judged.add(node);
      const process = running.find((one) => one.node === node);
      if (process === undefined || process.stopping || process.timeline.isFrozen || process.isCut) continue;
      const goneMs = Number(gone_at) - CLOCK_START_MS;
      if (process.soundSinceMs < goneMs - HEARTBEAT_MS_MAX)
        fault(`node ${node} was taken for dead at ${goneMs}, and was heard since ${process.soundSinceMs}`);
    }
  }

  /** While a process is well, what a dead node had leased does not wait for long. */
  #checkTakenOver(): void {
    if (!this.#world.isServed(TAKEN_OVER_MS_MAX)) return;
    const { disk, timeline, nodeEnds, fault } = this.#world;
    const agoMs = timeline.nowMs - TAKEN_OVER_MS_MAX;
    for (const { node } of disk.prepare(LEASING_NODES).all({ tokens: TOKENS_PER_NODE })) {
      const end = nodeEnds.get(Number(node));
      if (end !== undefined && end.atMs < agoMs) fault(`node ${node} has ${end.how}, and still has leases`);
    }
  }
}

const WAITS_FIRST = `
  SELECT seq
  FROM deliveries
  WHERE id = ? AND state < 3 AND attempts = 0 AND cancel_requested = 0 AND run_started_at IS NULL`;

const LEASING_NODES = "SELECT DISTINCT lease / :tokens AS node FROM deliveries WHERE lease IS NOT NULL";

export function createClusterWatch(world: World): ClusterWatch {
  return new Checks(world);
}

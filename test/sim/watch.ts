/** Checks invariants during the simulation: when an attempt starts, when the store answers, and periodically. */
import { createHmac } from "node:crypto";
import { nodeOfToken } from "../../src/domain/delivery/lease-token.ts";
import type { LeaseToken, Seq, Uuid } from "../../src/domain/ids.ts";
import {
  IN_FLIGHT_MAX,
  LANE_DELIVERIES_MAX,
  LANE_POOL_BYTES_MAX,
  LANE_POOL_DELIVERIES_MAX,
  MAX_IN_FLIGHT_MAX,
} from "../../src/domain/limits.ts";
import type { Changes, Heartbeat, LaneState, Settlement, SettleResult } from "../../src/ports/store.ts";
import { readLane } from "../../src/store/delivery/lane-rows.ts";
import { uuidBytes } from "../../src/store/rows.ts";
import { type Process, SKEW_MS_MAX, type Watch, type World } from "./machine.ts";
import type { KnownEndpoint } from "./model.ts";
import type { Sent } from "./network.ts";

/** A timer waits at most a minute. After a clock jump, only timers make the engine look for work. */
const STARVING_MS_MAX = 75_000;
const TEST_TEXT = "This is a test webhook event";

/** One process's attempts in flight and the lane states that it got from the store. */
interface Seen {
  readonly active: Map<number, number>;
  readonly starts: Map<number, number[]>;
  readonly lanes: Map<Seq, { readonly state: LaneState; readonly sinceMs: number }>;
}

export const isTest = (sent: Sent): boolean => sent.body.includes(TEST_TEXT);

/** Null if the format does not contain the delivery id. */
export function deliveryIdOf(sent: Sent): Uuid | null {
  const id = sent.headers["x-webhook-delivery"];
  return id === undefined ? null : (id.slice("del_".length) as Uuid);
}

export function eventIdOf(sent: Sent): Uuid {
  return String(sent.headers["webhook-id"]).slice("evt_".length) as Uuid;
}

class InvariantWatch implements Watch {
  readonly #world: World;
  readonly #model: World["model"];
  readonly #timeline: World["timeline"];
  readonly #disk: World["disk"];
  readonly #seen = new Map<Process, Seen>();
  readonly #bodies = new Map<string, string>();
  readonly #settled = new Set<string>();
  readonly #late = new Set<Seq>();
  readonly #starvingSince = new Map<Seq, number>();
  readonly #lastStart = new Map<Seq, number>();

  constructor(world: World) {
    this.#world = world;
    this.#model = world.model;
    this.#timeline = world.timeline;
    this.#disk = world.disk;
  }

  #of(process: Process): Seen {
    let found = this.#seen.get(process);
    if (found === undefined) {
      found = { active: new Map(), starts: new Map(), lanes: new Map() };
      this.#seen.set(process, found);
    }
    return found;
  }

  started(process: Process, sent: Sent): void {
    const endpoint = this.#model.bySite.get(sent.site);
    this.#world.say(`send ${sent.number} by ${process.number} to ${sent.site} ${sent.headers["webhook-id"]}`);
    this.#checkBody(sent);
    if (endpoint === undefined || isTest(sent)) return;
    const wrong = (what: string) => this.#world.fault(`send ${sent.number} to site ${sent.site}: ${what}`);
    if (!process.alive || process.timeline.isFrozen) wrong("its process has ended");
    const knownMs = this.#world.knownSinceMs(process);
    const standings = endpoint.standing.possibleSince(knownMs);
    if (!standings.includes("ACTIVE")) wrong(`the endpoint is ${standings.join(" or ")}`);
    const urlVersions = endpoint.urlVersion.possibleSince(knownMs);
    if (!urlVersions.includes(sent.urlVersion))
      wrong(`URL version ${sent.urlVersion}, should be ${urlVersions.join(" or ")}`);
    if (!endpoint.secret.possibleSince(knownMs).some((secret) => isSignedWith(sent, secret)))
      wrong("the signature matches no known secret");
    this.#checkPace(process, endpoint, sent, wrong);
    this.#checkRow(process, endpoint, sent, wrong);
    this.#world.clusterWatch?.started(process, endpoint, sent, deliveryIdOf(sent));
  }

  #checkBody(sent: Sent): void {
    const key = `${sent.site} ${sent.headers["webhook-id"]}`;
    const before = this.#bodies.get(key);
    this.#bodies.set(key, sent.body);
    if (before !== undefined && before !== sent.body)
      this.#world.fault(`send ${sent.number}: the body differs from the previous attempt`);
    const number = /"n":(\d+)/.exec(sent.body)?.[1];
    const payload = number === undefined ? undefined : this.#model.payloads[Number(number)];
    if (payload !== undefined && !sent.body.includes(payload))
      this.#world.fault(`send ${sent.number}: the payload was changed`);
  }

  #checkPace(process: Process, endpoint: KnownEndpoint, sent: Sent, wrong: (what: string) => void): void {
    const { active, starts, lanes } = this.#of(process);
    const onWire = active.get(sent.site) ?? 0;
    const limits = endpoint.maxInFlight.possibleSince(this.#world.knownSinceMs(process));
    const limit = endpoint.ordered ? 1 : Math.max(...limits);
    if (onWire >= limit) wrong(`${onWire} attempts are already in flight, the limit is ${limit}`);
    active.set(sent.site, onWire + 1);
    this.#lastStart.set(endpoint.seq, this.#timeline.nowMs);
    if (endpoint.rateLimitPerSecond !== null) {
      const recent = (starts.get(sent.site) ?? []).filter((at) => at > this.#timeline.nowMs - 1000);
      starts.set(sent.site, [...recent, this.#timeline.nowMs]);
      // Allow one more, because the clock shows whole milliseconds.
      if (recent.length > endpoint.rateLimitPerSecond) wrong(`${recent.length + 1} attempts in a second`);
    }
    const lane = lanes.get(endpoint.seq);
    if (lane === undefined || lane.sinceMs === this.#timeline.nowMs) return;
    // A process that has closed its lane does not hear how others change it.
    const { health, waitUntil, revision } = lane.state;
    if (this.#world.isShared && readLane(this.#disk, endpoint.seq).revision > revision) return;
    if ((health.restUntil ?? 0) > process.now()) wrong("the endpoint rests");
    if ((waitUntil ?? 0) > process.now()) wrong("the endpoint waits");
  }

  #checkRow(process: Process, endpoint: KnownEndpoint, sent: Sent, wrong: (what: string) => void): void {
    const id = deliveryIdOf(sent);
    if (id === null) return;
    if ((this.#model.cancelled.get(id) ?? Number.POSITIVE_INFINITY) <= this.#world.knownSinceMs(process))
      wrong("the delivery was cancelled");
    const row = this.#disk.prepare("SELECT * FROM deliveries WHERE id = ?").get(uuidBytes(id));
    if (row === undefined) {
      wrong("there is no such delivery");
      return;
    }
    const lease = Number(row.lease);
    // A late result of a node that was taken for dead can end what another node has queued.
    if ((row.state !== 2 || row.lease === null) && !this.#late.has(Number(row.seq)))
      wrong(`the delivery is in state ${row.state}`);
    if (row.lease !== null && nodeOfToken(lease) !== process.node) wrong("the lease belongs to another process");
    const number = Number(sent.headers["x-webhook-attempt"]);
    if (number !== Number(row.attempts) + 1 && !this.#late.has(Number(row.seq))) wrong("the attempt's number is wrong");
    const earlyMs = Number(row.due_at) - process.now();
    // What is leased when it is published is sent at once. It may be due by the clock of another node.
    if (earlyMs > (this.#world.isShared ? 2 * SKEW_MS_MAX : 0)) wrong(`it is sent ${earlyMs} ms before it is due`);
    if (!endpoint.ordered) return;
    const earlier = this.#disk.prepare(EARLIER).get(endpoint.seq, Number(row.seq), Number(row.due_at));
    if (earlier !== undefined) wrong(`delivery ${row.seq} is sent before ${earlier.seq}`);
  }

  heard(process: Process, sent: Sent): void {
    this.#world.say(`heard ${sent.number} ${sent.heard?.kind} ${sent.httpStatus}`);
    this.#world.clusterWatch?.heard(sent);
    if (isTest(sent)) return;
    const { active } = this.#of(process);
    active.set(sent.site, (active.get(sent.site) ?? 1) - 1);
  }

  answered(process: Process, verb: string, args: readonly unknown[], value: unknown): void {
    const { lanes } = this.#of(process);
    const { clusterWatch } = this.#world;
    if (verb === "heartbeat") clusterWatch?.beat(process, value as Heartbeat);
    const record = (state: LaneState) => {
      clusterWatch?.saw(state);
      const before = lanes.get(state.endpointSeq);
      if (before !== undefined && before.state.revision >= state.revision) return;
      lanes.set(state.endpointSeq, { state, sinceMs: this.#timeline.nowMs });
    };
    if (verb === "settle")
      for (const result of value as SettleResult[]) if (result.kind !== "broken") record(result.lane);
    if (verb === "claim") for (const { state } of (value as { lanes: { state: LaneState }[] }).lanes) record(state);
    if (verb === "changesOfNodes") for (const { state } of (value as Changes).lanes) record(state);
    if (verb === "patchEndpoint" && value !== null) record((value as { lane: LaneState }).lane);
    if (verb === "settle") this.#checkSettled(process, args[0] as Settlement[], value as SettleResult[]);
  }

  #checkSettled(process: Process, settlements: readonly Settlement[], results: readonly SettleResult[]): void {
    for (const [index, result] of results.entries()) {
      const { deliverySeq, token } = settlements[index] as Settlement;
      if (result.kind === "broken") this.#world.fault(`a settlement failed: ${result.message}`);
      else if (result.kind === "stale") this.#checkStale(deliverySeq, token);
      else this.#world.say(`settled ${deliverySeq} ${result.state} by ${process.number}`);
      const key = `${deliverySeq}/${token}`;
      if (this.#settled.has(key)) this.#world.fault(`lease ${key} was settled twice`);
      this.#settled.add(key);
    }
  }

  /** The lease was that of a node that others took for dead, or such a node's late result ended the delivery. */
  #checkStale(deliverySeq: Seq, token: LeaseToken): void {
    if (this.#world.endOf(nodeOfToken(token)) === "gone") this.#late.add(deliverySeq);
    else if (!this.#late.has(deliverySeq)) this.#world.fault("a settlement is stale, although no lease was revoked");
  }

  disabled(endpointId: string): void {
    const endpoint = this.#model.endpoints.find(({ id }) => id === endpointId);
    endpoint?.standing.observe("DISABLED");
  }

  #poll(): void {
    const { process } = this.#world;
    if (process?.engine == null) return;
    const gauges = process.engine.status.gauges();
    if (gauges.deliveriesInMemory > LANE_POOL_DELIVERIES_MAX || gauges.payloadBytesInMemory > LANE_POOL_BYTES_MAX)
      this.#world.fault("the lane pool exceeds its limits");
    if (gauges.inFlight > IN_FLIGHT_MAX || gauges.inFlight < 0)
      this.#world.fault(`${gauges.inFlight} attempts are in flight`);
    if (this.#disk.state !== "healthy") return;
    for (const { seq, site, leased } of dueLanes(this.#world, process.now())) {
      // Deliveries in flight are leased in addition to the ones that the lane holds.
      if (leased > LANE_DELIVERIES_MAX + MAX_IN_FLIGHT_MAX) this.#world.fault(`site ${site} has ${leased} leases`);
      const since = this.#starvingSince.get(seq) ?? this.#timeline.nowMs;
      const isServed = (this.#of(process).active.get(site) ?? 0) > 0 || (this.#lastStart.get(seq) ?? 0) > since;
      this.#starvingSince.set(seq, isServed ? this.#timeline.nowMs : since);
      if (this.#timeline.nowMs - since < STARVING_MS_MAX || isServed) continue;
      this.#starvingSince.set(seq, this.#timeline.nowMs);
      this.#world.fault(`site ${site} has starved since ${Math.round(since)}: ${describe(this.#world, seq)}`);
    }
  }

  disturbed(): void {
    this.#starvingSince.clear();
    this.#world.pauseWatch.disturbed();
  }

  poll(): void {
    this.#world.pauseWatch.poll();
    this.#world.clusterWatch?.poll();
    const due = new Set(dueLanes(this.#world, this.#world.process?.now() ?? 0).map(({ seq }) => seq));
    for (const seq of this.#starvingSince.keys()) if (!due.has(seq)) this.#starvingSince.delete(seq);
    this.#poll();
  }
}

export function createWatch(world: World): Watch {
  return new InvariantWatch(world);
}

// A delivery with a requested cancellation is not sent, although it may still be leased.
const EARLIER = `
  SELECT seq
  FROM deliveries
  WHERE endpoint_seq = ? AND seq < ? AND due_at <= ? AND state < 3 AND cancel_requested = 0`;

interface DueLane {
  readonly seq: Seq;
  readonly site: number;
  readonly leased: number;
}

// Lanes that neither rest nor wait and have deliveries that are due or leased, with the number of leases.
const DUE = `
  SELECT e.seq, e.url, (SELECT count(*) FROM deliveries d WHERE d.endpoint_seq = e.seq AND d.state = 2) AS leased
  FROM endpoints e JOIN lanes l ON l.endpoint_seq = e.seq
  WHERE e.status = 'ACTIVE' AND e.deleted_at IS NULL
    AND coalesce(l.rest_until, 0) <= :now AND coalesce(l.wait_until, 0) <= :now
    AND EXISTS (
      SELECT 1
      FROM deliveries d
      WHERE d.endpoint_seq = e.seq AND (d.state = 2 OR (d.state < 2 AND d.due_at <= :now)))`;

function dueLanes({ disk }: World, now: number): DueLane[] {
  return disk
    .prepare(DUE)
    .all({ now })
    .map((row) => ({
      seq: Number(row.seq),
      site: Number(/site-(\d+)/.exec(String(row.url))?.[1]),
      leased: Number(row.leased),
    }));
}

function describe({ disk, process }: World, seq: Seq): string {
  const lane = disk.prepare("SELECT * FROM lanes WHERE endpoint_seq = ?").get(seq);
  const states = disk
    .prepare(
      "SELECT state, count(*) AS count, min(due_at) AS due FROM deliveries WHERE endpoint_seq = ? GROUP BY state",
    )
    .all(seq);
  return JSON.stringify({ now: process?.now(), lane, states });
}

function isSignedWith(sent: Sent, secret: string): boolean {
  const content = `${sent.headers["webhook-id"]}.${sent.headers["webhook-timestamp"]}.${sent.body}`;
  const signature = `v1,${createHmac("sha256", secret).update(content).digest("base64")}`;
  return String(sent.headers["webhook-signature"]).split(" ").includes(signature);
}

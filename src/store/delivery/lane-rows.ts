/** Lane rows. They are read once per group commit, changed in memory, and written once at its end. */

import type { Transition } from "../../domain/delivery/delivery.ts";
import { type Health, isProbing } from "../../domain/delivery/health.ts";
import { isPaced } from "../../domain/delivery/pace.ts";
import type { EndpointStatus } from "../../domain/endpoints/endpoint.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import type { AttemptFailure, AttemptRecord, LaneState } from "../../ports/store.ts";
import type { Connection, SqlValue } from "../connection.ts";

/** The node that asks, and how many are alive. */
interface Self {
  readonly node: number;
  readonly nodes: number;
}

/** A lane's row, and the settings of its endpoint that control it. Change it only with `updateLane`. */
export interface LaneRow {
  readonly endpointSeq: Seq;
  readonly tenantSeq: Seq;
  status: EndpointStatus;
  deleted: boolean;
  ordered: boolean;
  rateLimited: boolean;
  maxInFlight: number;
  readonly streamed: boolean;
  generation: number;
  readyAt: EpochMs | null;
  /** No delivery waits in the store that is due earlier. Null: none waits. */
  headDue: EpochMs | null;
  owner: number | null;
  health: Health;
  waitUntil: EpochMs | null;
  heldSince: EpochMs | null;
  heldMs: number;
  activeSince: EpochMs | null;
  heldBytes: number;
  /** Deliveries that came while it was held. Of a listener, also those that waited before. */
  heldCount: number;
  attemptsOk: number;
  attemptsFailed: number;
  lastAttemptAt: EpochMs | null;
  lastSuccessAt: EpochMs | null;
  /** The first failed attempt after the last success. A pause, which forgets the failures, does not change it. */
  failingSince: EpochMs | null;
  /** An `AttemptFailure` as JSON. */
  lastFailure: string | null;
  /** Each change raises it by one. */
  revision: number;
  /** What has to be written. */
  unwritten: "all" | "counts" | null;
  /** The same object until the lane changes, so that a thousand results share one copy. */
  state: LaneState | null;
}

const SELECT = `
  SELECT l.*, e.status, e.deleted_at, e.ordered, e.rate_limit_per_second, e.max_in_flight, e.transport, e.generation
  FROM lanes l JOIN endpoints e ON e.seq = l.endpoint_seq
  WHERE l.endpoint_seq = ?`;

const SELECT_ALL = SELECT.replace("= ?", "IN (SELECT CAST(value AS INTEGER) FROM json_each(?))");

const UPDATE = `
  UPDATE lanes
  SET ready_at = ?, owner = ?, failure_streak = ?, streak_since_active_ms = ?, rest_until = ?, rest_ms = ?,
      wait_until = ?, held_since = ?, held_ms = ?, active_since = ?, held_bytes = ?, held_count = ?, revision = ?, head_due = ?,
      attempts_ok = ?, attempts_failed = ?, last_attempt_at = ?, last_success_at = ?, last_failure = ?, failing_since = ?
  WHERE endpoint_seq = ?`;

/** Most attempts change no more than this, and each column takes time. */
const UPDATE_COUNTS = `
  UPDATE lanes
  SET attempts_ok = ?, attempts_failed = ?, last_attempt_at = ?, last_success_at = ?, last_failure = ?, failing_since = ?
  WHERE endpoint_seq = ?`;

export class LaneRows {
  readonly #connection: Connection;
  readonly #lanes = new Map<Seq, LaneRow>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * @throws when there is no such endpoint. Callers have sequences only of endpoints that exist, deleted ones included.
   */
  get(endpointSeq: Seq): LaneRow {
    let lane = this.#lanes.get(endpointSeq);
    if (lane === undefined) {
      lane = readLane(this.#connection, endpointSeq);
      this.#lanes.set(endpointSeq, lane);
    }
    return lane;
  }

  /** Read the lanes that are not known, all at once, when the returned function is called. */
  readAhead(endpointSeqs: ReadonlySet<Seq>): () => void {
    const unknown = [...endpointSeqs].filter((seq) => !this.#lanes.has(seq));
    if (unknown.length === 0) return () => undefined;
    const rows = this.#connection.prepare(SELECT_ALL).allLater(JSON.stringify(unknown));
    return () => {
      for (const row of rows()) {
        this.#lanes.set(Number(row.endpoint_seq), laneOf(Number(row.endpoint_seq), row as LaneColumns));
      }
    };
  }

  /** Write one lane and read it again, after a verb has changed its endpoint's row. */
  reload(endpointSeq: Seq): LaneRow {
    const lane = this.#lanes.get(endpointSeq);
    if (lane !== undefined) write(this.#connection, [lane]);
    this.#lanes.delete(endpointSeq);
    return this.get(endpointSeq);
  }

  flush(): void {
    write(this.#connection, [...this.#lanes.values()]);
  }

  get size(): number {
    return this.#lanes.size;
  }

  clear(): void {
    this.#lanes.clear();
  }
}

function write(connection: Connection, lanes: readonly LaneRow[]): void {
  const all = lanes.filter(({ unwritten }) => unwritten === "all");
  const counts = lanes.filter(({ unwritten }) => unwritten === "counts");
  for (const lane of lanes) lane.unwritten = null;
  if (all.length > 0) connection.prepare(UPDATE).runEach(all.map(valuesOf));
  if (counts.length > 0) connection.prepare(UPDATE_COUNTS).runEach(counts.map(countsOf));
}

function valuesOf(lane: LaneRow): readonly SqlValue[] {
  return [
    lane.readyAt,
    lane.owner,
    lane.health.failureStreak,
    lane.health.streakSinceActiveMs,
    lane.health.restUntil,
    lane.health.restMs,
    lane.waitUntil,
    lane.heldSince,
    lane.heldMs,
    lane.activeSince,
    lane.heldBytes,
    lane.heldCount,
    lane.revision,
    lane.headDue,
    ...countsOf(lane),
  ];
}

function countsOf(lane: LaneRow): readonly SqlValue[] {
  return [
    lane.attemptsOk,
    lane.attemptsFailed,
    lane.lastAttemptAt,
    lane.lastSuccessAt,
    lane.lastFailure,
    lane.failingSince,
    lane.endpointSeq,
  ];
}

export function readLane(connection: Connection, endpointSeq: Seq): LaneRow {
  const row = connection.prepare(SELECT).get(endpointSeq) as LaneColumns | undefined;
  if (row === undefined) throw new Error(`no lane ${endpointSeq}`);
  return laneOf(endpointSeq, row);
}

type LaneColumns = Readonly<Record<string, number | string | null>>;

function laneOf(endpointSeq: Seq, row: LaneColumns): LaneRow {
  const integer = (name: string) => row[name] as number;
  const optional = (name: string) => row[name] as number | null;
  return {
    endpointSeq,
    tenantSeq: integer("tenant_seq"),
    status: row.status as EndpointStatus,
    deleted: row.deleted_at !== null,
    ordered: row.ordered === 1,
    rateLimited: row.rate_limit_per_second !== null,
    maxInFlight: integer("max_in_flight"),
    streamed: row.transport === "stream",
    generation: integer("generation"),
    readyAt: optional("ready_at"),
    headDue: optional("head_due"),
    owner: optional("owner"),
    health: {
      failureStreak: integer("failure_streak"),
      streakSinceActiveMs: optional("streak_since_active_ms"),
      restUntil: optional("rest_until"),
      restMs: integer("rest_ms"),
    },
    waitUntil: optional("wait_until"),
    heldSince: optional("held_since"),
    heldMs: integer("held_ms"),
    activeSince: optional("active_since"),
    heldBytes: integer("held_bytes"),
    heldCount: integer("held_count"),
    attemptsOk: integer("attempts_ok"),
    attemptsFailed: integer("attempts_failed"),
    lastAttemptAt: optional("last_attempt_at"),
    lastSuccessAt: optional("last_success_at"),
    lastFailure: row.last_failure as string | null,
    failingSince: optional("failing_since"),
    revision: integer("revision"),
    unwritten: null,
    state: null,
  };
}

type LaneChange = Partial<Omit<LaneRow, "endpointSeq" | "tenantSeq" | "headDue" | "revision" | "unwritten" | "state">>;

/** Change a lane. It is written at the end of the group. */
export function updateLane(lane: LaneRow, change: LaneChange): void {
  Object.assign(lane, change);
  lane.revision += 1;
  lane.unwritten = "all";
  lane.state = null;
}

/** Count an attempt. The counts are no part of the lane's state, so results can go on sharing the state. */
export function countAttempt(lane: LaneRow, attempt: AttemptRecord, { classification, health }: Transition): void {
  const { startedAt, endedAt, httpStatus, errorDetail } = attempt;
  if (health === "success") {
    lane.attemptsOk += 1;
    lane.lastSuccessAt = Math.max(lane.lastSuccessAt ?? 0, endedAt);
  } else {
    lane.attemptsFailed += 1;
    const failure: AttemptFailure = { at: endedAt, classification, httpStatus, errorDetail };
    lane.lastFailure = JSON.stringify(failure);
  }
  if (lane.lastAttemptAt === null || lane.lastAttemptAt < startedAt) lane.lastAttemptAt = startedAt;
  lane.unwritten ??= "counts";
}

/** After `countAttempt`, except for tests, which say nothing about the endpoint's health. */
export function noteFailing(lane: LaneRow, { endedAt }: AttemptRecord, { health }: Transition): void {
  if (health === "success") lane.failingSince = null;
  else if (health === "failure") lane.failingSince ??= endedAt;
}

/** The lane's state as a node has to know it: a lane of another node has nothing to claim. */
export function laneState(lane: LaneRow, node: number): LaneState {
  lane.state ??= {
    endpointSeq: lane.endpointSeq,
    revision: lane.revision,
    readyAt: isForeign(lane, node) ? null : lane.readyAt,
    health: lane.health,
    waitUntil: lane.waitUntil,
    held: isHeld(lane),
    deleted: lane.deleted,
    heldMs: lane.heldMs,
    generation: lane.generation,
    owner: lane.owner === null ? "nobody" : isForeign(lane, node) ? "other" : "self",
  };
  return lane.state;
}

/** Whether another node owns the lane. */
export function isForeign({ owner }: LaneRow, node: number): boolean {
  return owner !== null && owner !== node;
}

export function isHeld(lane: LaneRow): boolean {
  return lane.deleted || lane.status !== "ACTIVE";
}

/** When a delivery that is due at `dueAt` can be claimed from this lane. */
function readyAtFor(lane: LaneRow, dueAt: EpochMs): EpochMs {
  return Math.max(dueAt, lane.health.restUntil ?? 0, lane.waitUntil ?? 0);
}

/** A delivery begins to wait in the lane, whether the lane is held or not. */
export function noteWaiting(lane: LaneRow, dueAt: EpochMs): void {
  if (lane.headDue === null || dueAt < lane.headDue) setHead(lane, dueAt);
}

/** It is no part of the lane's state, and so no new revision. */
export function setHead(lane: LaneRow, dueAt: EpochMs | null): void {
  if (lane.headDue === dueAt) return;
  lane.headDue = dueAt;
  lane.unwritten = "all";
}

/** A delivery now waits in the lane: make the lane ready in time for it. */
export function advanceReadyAt(lane: LaneRow, dueAt: EpochMs): void {
  if (isHeld(lane)) return;
  const readyAt = readyAtFor(lane, dueAt);
  if (lane.readyAt === null || readyAt < lane.readyAt) updateLane(lane, { readyAt });
}

// Served by deliveries_waiting. Without a lower bound, PostgreSQL would read the entries of all deliveries that have left the
// lane, for as long as any session may still see them.
const FIRST_DUE = `
  SELECT due_at
  FROM deliveries
  WHERE endpoint_seq = ? AND state < 2 AND due_at >= ?
  ORDER BY due_at, seq
  LIMIT 1`;

/** Find out from the waiting deliveries when the lane is ready next. */
export function refreshReadyAt(connection: Connection, lane: LaneRow): void {
  let readyAt: EpochMs | null = null;
  if (!isHeld(lane)) {
    const { endpointSeq, headDue } = lane;
    const first = headDue === null ? undefined : connection.prepare(FIRST_DUE).get(endpointSeq, headDue);
    setHead(lane, first === undefined ? null : Number(first.due_at));
    if (lane.headDue !== null) readyAt = readyAtFor(lane, lane.headDue);
  }
  if (readyAt !== lane.readyAt) updateLane(lane, { readyAt });
}

/**
 * Whether a new delivery may be leased at publish, without waiting in the store. Nothing due may wait in the store (in
 * an ordered lane: nothing at all). The endpoint must be ACTIVE, and the lane must not rest, wait or probe. A lane that
 * only one node may pace must be this node's or nobody's. The publishing transaction reads all of this: with remembered
 * values, new events could overtake old ones.
 */
export function mayLease(lane: LaneRow, { node, nodes }: Self, now: EpochMs): boolean {
  if (isHeld(lane) || isProbing(lane.health)) return false;
  if (lane.readyAt !== null && (lane.ordered || lane.readyAt <= now)) return false;
  if ((lane.health.restUntil ?? 0) > now || (lane.waitUntil ?? 0) > now) return false;
  return !isForeign(lane, node) || !isPaced(lane, nodes);
}

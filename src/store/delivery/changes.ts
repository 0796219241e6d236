/** cancel, retry, retryEvent, replay: the verbs that act on single deliveries. */
import type { Actor } from "../../domain/access/access.ts";
import type { Format } from "../../domain/endpoints/endpoint.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import { EVENT_TARGETS_MAX } from "../../domain/limits.ts";
import type {
  CancelResult,
  ReplayRequest,
  ReplayResult,
  RetriedOfEvent,
  RetryOfEvent,
  RetryResult,
  Wake,
} from "../../ports/store.ts";
import { audit } from "../access/audit.ts";
import { nextCursor, seqAfter } from "../cursors.ts";
import { readDeliveryRow } from "../history/delivery-rows.ts";
import { noteChanged } from "../history/ledger-changes.ts";
import { all, one } from "../read-connection.ts";
import { stateName, uuidBytes, uuidText } from "../rows.ts";
import { FORMAT, STATE } from "../stored-enums.ts";
import type { Writing } from "../writing.ts";
import { creationTime, insertDelivery } from "./insert.ts";
import { advanceReadyAt, type LaneRow, noteWaiting } from "./lane-rows.ts";

/** A request that acts on one delivery. */
export interface OfDelivery {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly id: Uuid;
  readonly now: EpochMs;
}

export interface FoundDelivery {
  readonly seq: Seq;
  readonly event_seq: Seq;
  readonly endpoint_seq: Seq;
  readonly tenant_seq: Seq;
  readonly type_seq: Seq;
  readonly type: string;
  readonly state: number;
  readonly format: number;
  readonly ended_at: EpochMs | null;
  readonly run_started_at: EpochMs | null;
}

/** Followed by a condition. */
export const SELECT_FOUND = `
  SELECT d.seq, d.event_seq, d.endpoint_seq, d.tenant_seq, d.type_seq, t.name AS type, d.state, d.format,
    d.ended_at, d.run_started_at
  FROM deliveries d
  CROSS JOIN event_types t ON t.seq = d.type_seq`;
const FIND = `${SELECT_FOUND}
  WHERE d.id = ?`;

function find(w: Writing, tenantSeq: Seq, id: Uuid): FoundDelivery | null {
  const row = one<FoundDelivery>(w, FIND, uuidBytes(id));
  return row === undefined || row.tenant_seq !== tenantSeq ? null : row;
}

// ── Cancel ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const CANCEL = `
  UPDATE deliveries
  SET state = 5, lease = NULL, ended_at = ?, reason = 'cancelled'
  WHERE seq = ?`;
const REQUEST_CANCEL = "UPDATE deliveries SET cancel_requested = 1 WHERE seq = ?";

export function cancel(w: Writing, { actor, tenantSeq, id, now }: OfDelivery): CancelResult {
  const delivery = find(w, tenantSeq, id);
  if (delivery === null) return { kind: "unknown" };
  const result = cancelFound(w, delivery, now);
  if (result.kind !== "ended") audit(w, { tenantSeq, actor, type: "delivery.cancelled", subject: id, data: {}, now });
  return result;
}

export function cancelFound(
  w: Writing,
  delivery: FoundDelivery,
  now: EpochMs,
): Exclude<CancelResult, { kind: "unknown" }> {
  const tenantSeq = delivery.tenant_seq;
  const which = { endpointSeq: delivery.endpoint_seq, deliverySeq: delivery.seq };
  if (delivery.state === STATE.leased) {
    w.prepare(REQUEST_CANCEL).run(delivery.seq);
    return { kind: "requested", ...which };
  }
  // A delivery that waits for a deleted endpoint counts as CANCELLED, even before the job has updated its row.
  if (delivery.state > STATE.leased || w.lanes.get(delivery.endpoint_seq).deleted) return { kind: "ended" };
  w.prepare(CANCEL).run(now, delivery.seq);
  noteChanged(w, tenantSeq, delivery.seq);
  w.counters.ended({ tenantSeq, endpointSeq: delivery.endpoint_seq, at: now }, "CANCELLED");
  // The lane's `ready_at` may now be too early. The next claim then finds nothing and corrects it.
  return { kind: "cancelled", ...which };
}

// ── Retry ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Deliveries of this event type are tests. They are sent once and never retried. */
export const TEST_TYPE = "test";

export function retry(w: Writing, { actor, tenantSeq, id, now }: OfDelivery): RetryResult {
  const delivery = find(w, tenantSeq, id);
  if (delivery === null) return { kind: "unknown" };
  const lane = w.lanes.get(delivery.endpoint_seq);
  const refused = whyNotRetry(delivery, lane);
  if (refused !== null) return refused;
  requeue(w, delivery.seq, now);
  audit(w, { tenantSeq, actor, type: "delivery.retried", subject: id, data: {}, now });
  const row = readDeliveryRow(w, delivery.seq);
  if (row === null) throw new Error(`delivery ${delivery.seq} is gone`);
  advanceReadyAt(lane, now);
  return { kind: "queued", row, wake: wakeOf(lane) };
}

export function whyNotRetry(
  { state, type }: FoundDelivery,
  lane: LaneRow,
): Extract<RetryResult, { kind: "invalid" }> | null {
  const kind = "invalid";
  if (lane.deleted) return { kind, why: "endpointDeleted", reason: "The delivery's endpoint is deleted." };
  if (type === TEST_TYPE) {
    return { kind, why: "isTest", reason: "The delivery is a test; send another test instead." };
  }
  if (hasFailed(state)) return null;
  const name = stateName(state, { active: lane.status === "ACTIVE", deleted: false });
  const reason = `The delivery is ${name}; only one that is FAILED, EXPIRED or CANCELLED can be retried.`;
  return { kind, why: "notFailed", reason };
}

function hasFailed(state: number): boolean {
  return state === STATE.failed || state === STATE.cancelled || state === STATE.expired;
}

const EVENT = `
  SELECT v.seq, v.first_delivery_seq, v.delivery_count, t.name AS type
  FROM events v CROSS JOIN event_types t ON t.seq = v.type_seq
  WHERE v.id = ? AND v.tenant_seq = ?`;
// By primary key: the original deliveries of an event are consecutive.
const ORIGINAL = `
  SELECT seq, id, endpoint_seq, state
  FROM deliveries
  WHERE seq > ? AND seq < ? AND event_seq = ?
  ORDER BY seq
  LIMIT ?`;
// Replays and recoveries. Served by deliveries_later.
const LATER = `
  SELECT seq, id, endpoint_seq, state
  FROM deliveries INDEXED BY deliveries_later
  WHERE event_seq = ? AND later = 1 AND seq > ?
  ORDER BY seq
  LIMIT ?`;

interface FoundEvent {
  readonly seq: Seq;
  readonly first_delivery_seq: Seq;
  readonly delivery_count: number;
  readonly type: string;
}

interface OfEvent {
  readonly seq: Seq;
  readonly id: Uint8Array;
  readonly endpoint_seq: Seq;
  readonly state: number;
}

/** One transaction, so that of two simultaneous calls the second finds the deliveries of the first waiting. */
export function retryEvent(
  w: Writing,
  { actor, tenantSeq, eventId, cursor, now }: RetryOfEvent,
): RetriedOfEvent | null {
  const event = one<FoundEvent>(w, EVENT, uuidBytes(eventId), tenantSeq);
  if (event === undefined) return null;
  if (event.type === TEST_TYPE) return { deliveryIds: [], woken: [], next: null };
  const looked = deliveriesAfter(w, event, Math.max(seqAfter(cursor), event.first_delivery_seq - 1));
  const failed = looked.filter((row) => hasFailed(row.state) && !w.lanes.get(row.endpoint_seq).deleted);
  for (const { seq } of failed) requeue(w, seq, now);
  const data = { count: String(failed.length) };
  if (failed.length > 0) audit(w, { tenantSeq, actor, type: "event.retried", subject: eventId, data, now });
  const lanes = [...new Set(failed.map((row) => w.lanes.get(row.endpoint_seq)))];
  for (const lane of lanes) advanceReadyAt(lane, now);
  return {
    deliveryIds: failed.map(({ id }) => uuidText(id)),
    woken: lanes.map(wakeOf).filter((wake) => wake !== null),
    next: nextCursor(looked, looked.length === EVENT_TARGETS_MAX),
  };
}

/** Oldest first: a later delivery has a higher sequence. */
function deliveriesAfter(w: Writing, event: FoundEvent, after: Seq): OfEvent[] {
  const end = event.first_delivery_seq + event.delivery_count;
  const original = all<OfEvent>(w, ORIGINAL, after, end, event.seq, EVENT_TARGETS_MAX);
  return [...original, ...all<OfEvent>(w, LATER, event.seq, after, EVENT_TARGETS_MAX - original.length)];
}

// Due now, and so at the end of its lane. The count of attempts continues; the retry schedule starts again.
const REQUEUE = `
  UPDATE deliveries
  SET state = 0, due_at = :now, lease = NULL, attempts_before_run = attempts, claims_before_run = claims,
      run_started_at = :now, run_first_active_ms = NULL, ended_at = NULL, reason = NULL, cancel_requested = 0
  WHERE seq = :seq`;

const ENDED = "SELECT tenant_seq, endpoint_seq, ended_at FROM deliveries WHERE seq = ?";

interface Ended {
  readonly tenant_seq: Seq;
  readonly endpoint_seq: Seq;
  readonly ended_at: EpochMs | null;
}

/** Make an ended delivery wait again, for a new run of its schedule. The caller wakes the lane. */
export function requeue(w: Writing, deliverySeq: Seq, now: EpochMs): void {
  const ended = one<Ended>(w, ENDED, deliverySeq);
  w.prepare(REQUEUE).run({ seq: deliverySeq, now });
  if (ended === undefined) return;
  noteWaiting(w.lanes.get(ended.endpoint_seq), now);
  noteChanged(w, ended.tenant_seq, deliverySeq);
  if (ended.ended_at === null) return;
  w.counters.reopened({ tenantSeq: ended.tenant_seq, endpointSeq: ended.endpoint_seq, at: ended.ended_at });
}

/** The wake of a lane; null when the lane has nothing to claim. */
export function wakeOf({ endpointSeq, readyAt }: LaneRow): Wake | null {
  return readyAt === null ? null : { endpointSeq, readyAt };
}

// ── Replay ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export function replay(w: Writing, { actor, tenantSeq, deliveryIds, dryRun, now }: ReplayRequest): ReplayResult {
  const ids = [...new Set(deliveryIds)];
  const found = ids.map((id) => find(w, tenantSeq, id));
  const unknown = ids.filter((_, index) => found[index] === null);
  if (unknown.length > 0) return { kind: "unknown", deliveryIds: unknown };
  // In their original order, so that an ordered endpoint gets them in the same order again.
  const originals = found.filter((delivery) => delivery !== null).sort((a, b) => a.seq - b.seq);
  const replayed = originals.filter((delivery) => takesMore(w.lanes.get(delivery.endpoint_seq)));
  const skipped = originals.length - replayed.length;
  if (dryRun) return { kind: "created", count: replayed.length, skipped, woken: [] };
  for (const original of replayed) replayFound(w, original, now);
  auditReplay(w, { actor, tenantSeq, ids, count: replayed.length, now });
  const lanes = [...new Set(replayed.map((delivery) => w.lanes.get(delivery.endpoint_seq)))];
  for (const lane of lanes) advanceReadyAt(lane, now);
  const woken = lanes.map(wakeOf).filter((wake) => wake !== null);
  return { kind: "created", count: replayed.length, skipped, woken };
}

interface Replayed {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly ids: readonly Uuid[];
  readonly count: number;
  readonly now: EpochMs;
}

/** One entry for the call, which may replay many deliveries. It names the delivery only if there is exactly one. */
function auditReplay(w: Writing, { actor, tenantSeq, ids, count, now }: Replayed): void {
  const [only, ...others] = ids;
  const subject = only !== undefined && others.length === 0 ? { subject: only } : {};
  const data = { count: String(count) };
  if (count > 0) audit(w, { tenantSeq, actor, type: "delivery.replayed", ...subject, data, now });
}

export function replayFound(w: Writing, original: FoundDelivery, now: EpochMs): void {
  insertLater(w, {
    tenantSeq: original.tenant_seq,
    eventSeq: original.event_seq,
    typeSeq: original.type_seq,
    endpointSeq: original.endpoint_seq,
    format: FORMAT.name(original.format), // the original's, so that the body has the same bytes
    now,
  });
}

export function takesMore(lane: LaneRow): boolean {
  return !lane.deleted && lane.status !== "DISABLED";
}

export interface LaterDelivery {
  readonly tenantSeq: Seq;
  readonly eventSeq: Seq;
  readonly typeSeq: Seq;
  readonly endpointSeq: Seq;
  readonly format: Format;
  readonly now: EpochMs;
}

/** Insert another delivery of an older event. The caller wakes the lane. */
export function insertLater(w: Writing, { now, ...delivery }: LaterDelivery): void {
  const { ordered } = w.lanes.get(delivery.endpointSeq);
  const createdAt = creationTime(w, now);
  insertDelivery(w, { ...delivery, id: w.newId(), ordered, createdAt, dueAt: now, lease: null, origin: "replay" });
}

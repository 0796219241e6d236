/** settle: records an attempt, and applies it to its delivery, its lane and the statistics. */
import type { Transition } from "../../domain/delivery/delivery.ts";
import { afterFailure, HEALTHY, isGivenUp } from "../../domain/delivery/health.ts";
import type { DisabledReason } from "../../domain/endpoints/endpoint.ts";
import { type EpochMs, ID_PREFIX, type Seq, type Uuid } from "../../domain/ids.ts";
import { LIST_ROWS_PER_STATEMENT } from "../../domain/limits.ts";
import type { AttemptRecord, Broken, SettledResult, Settlement, Wake } from "../../ports/store.ts";
import { changeStatus } from "../endpoints/endpoints.ts";
import { each } from "../group.ts";
import { uuidBytes, uuidText } from "../rows.ts";
import { DELIVERY_STATE, OUTCOME, STATE } from "../stored-enums.ts";
import type { First, Writing } from "../writing.ts";
import { urlSeq } from "./insert.ts";
import {
  advanceReadyAt,
  countAttempt,
  type LaneRow,
  laneState,
  noteFailing,
  noteWaiting,
  refreshReadyAt,
  updateLane,
} from "./lane-rows.ts";
import { publishFailed } from "./operational-events.ts";
import { publishOwn } from "./publish.ts";

interface Applied extends Pick<SettledResult, "kind" | "state"> {
  /** Whether this settlement ended the delivery. */
  readonly ended: boolean;
  /** The attempt's sequence if it was recorded before: this settlement is then a repeat without any effect. */
  readonly repeats: Seq | null;
}

const NO_WAKES: readonly Wake[] = [];

export function settle(w: Writing, settlements: readonly Settlement[]): (SettledResult | Broken)[] {
  // In a savepoint, each settlement is written by itself.
  const firsts = w.mode.careful ? [] : (w.settledAhead.get(settlements) ?? deliverFirst(w, settlements))();
  return each(w, settlements, (settlement, index) => settleOne(w, settlement, firsts[index] ?? null));
}

/** @param first what `deliverFirst` did for it; null: nothing yet */
function settleOne(w: Writing, settlement: Settlement, first: First | null): SettledResult {
  const { transition, attempt } = settlement;
  const lane = w.lanes.get(settlement.endpointSeq);
  const [{ attemptSeq, isDone } = NOT_FIRST] = first === null ? deliverFirst(w, [settlement])() : [first];
  const applied = applyToDelivery(w, settlement, lane, { attemptSeq, isDone });
  if (applied.repeats !== null) return repeatResult(w, lane, applied.repeats, applied.state);
  const counter = { tenantSeq: lane.tenantSeq, endpointSeq: lane.endpointSeq, at: attempt.endedAt };
  if (attempt.httpStatus !== null) w.counters.answered(counter, attempt.endedAt - attempt.startedAt);
  w.counters.attempted(counter, transition.outcome === "SUCCESS" ? "ok" : "failed");
  if (applied.ended && applied.state !== "SCHEDULED") w.counters.ended(counter, applied.state);
  countAttempt(lane, attempt, transition);
  noteFailing(lane, attempt, transition);
  const disabled = settlement.generation === lane.generation ? applyToLane(w, lane, transition, attempt.endedAt) : null;
  const wokenByDisable = disabled === null ? NO_WAKES : disable(w, lane, disabled, attempt.endedAt);
  const failed = applied.ended && (applied.state === "FAILED" || applied.state === "EXPIRED");
  const woken = failed
    ? [...wokenByDisable, ...publishFailed(w, lane.tenantSeq, settlement.deliverySeq)]
    : wokenByDisable;
  return {
    kind: applied.kind,
    attemptSeq,
    state: applied.state,
    lane: laneState(disabled === null ? lane : w.lanes.get(lane.endpointSeq), w.self.node),
    woken,
    disabled: disabled !== null,
  };
}

function repeatResult(w: Writing, lane: LaneRow, attemptSeq: Seq, state: SettledResult["state"]): SettledResult {
  return { kind: "stale", attemptSeq, state, lane: laneState(lane, w.self.node), woken: NO_WAKES, disabled: false };
}

// ── The delivery ────────────────────────────────────────────────────────────────────────────────────────────────────

// The common case is one write without a read: the first attempt succeeded, and the lease shows that nothing else has
// decided meanwhile. `attempts` is 0 unless a stale attempt was appended; the general case links to that one.
export const DELIVER_FIRST = `
  UPDATE deliveries
  SET state = 3, lease = NULL, attempts = 1, last_attempt_at = ?, last_attempt_seq = ?, ended_at = ?
  WHERE seq = ? AND lease = ? AND attempts = 0`;

const SELECT = `
  SELECT state, lease, attempts, last_attempt_seq, cancel_requested, ordered, due_at, run_first_active_ms, ended_at,
    reason
  FROM deliveries
  WHERE seq = ?`;

const UPDATE = `
  UPDATE deliveries
  SET state = ?, lease = ?, due_at = ?, attempts = attempts + 1, run_first_active_ms = ?, last_attempt_at = ?,
      last_attempt_seq = ?, ended_at = ?, reason = ?
  WHERE seq = ?`;

const NOT_FIRST: First = { attemptSeq: 0, isDone: false };

/** Send what `settle` begins with, so that it need not be waited for by itself. */
export function settleAhead(w: Writing, settlements: readonly Settlement[]): void {
  w.settledAhead.set(settlements, deliverFirst(w, settlements));
}

/**
 * Number the attempts, and write those settlements that are the success of a first attempt: one statement for all. The
 * returned function waits for it.
 */
function deliverFirst(w: Writing, settlements: readonly Settlement[]): () => readonly First[] {
  const numbered = settlements.map((settlement) => ({ settlement, attemptSeq: w.sequences.attempt++ }));
  const isFirst = ({ settlement: { transition, attempt } }: (typeof numbered)[number]) =>
    transition.next.state === "DELIVERED" && attempt.number === 1;
  const rows = numbered
    .filter(isFirst)
    .map(({ settlement: { attempt, deliverySeq, token }, attemptSeq }) => [
      attempt.startedAt,
      attemptSeq,
      attempt.endedAt,
      deliverySeq,
      token,
    ]);
  const written = rows.length === 0 ? null : w.prepare(DELIVER_FIRST).runEach(rows);
  return () => {
    const done = (written?.changed ?? []).values();
    return numbered.map((one) => ({ attemptSeq: one.attemptSeq, isDone: isFirst(one) && done.next().value === true }));
  };
}

function applyToDelivery(
  w: Writing,
  { deliverySeq, token, endpointSeq, attempt, transition }: Settlement,
  lane: LaneRow,
  { attemptSeq, isDone }: First,
): Applied {
  const { next } = transition;
  if (isDone) {
    insertAttempt(w, { attemptSeq, deliverySeq, endpointSeq, previousSeq: null, attempt, transition });
    return { kind: "settled", state: "DELIVERED", ended: true, repeats: null };
  }
  const row = w.prepare(SELECT).get(deliverySeq);
  if (row === undefined) return { kind: "stale", state: "CANCELLED", ended: false, repeats: null };
  const previousSeq = row.last_attempt_seq as Seq | null;
  const ours = row.lease === token;
  const repeats = ours ? null : findAttempt(w, previousSeq, attempt.id);
  if (repeats !== null) return { kind: "stale", state: stateNameOf(row.state as number), ended: false, repeats };
  // Another node may have stored an attempt since this one began.
  const numbered = { ...attempt, number: (row.attempts as number) + 1 };
  insertAttempt(w, { attemptSeq, deliverySeq, endpointSeq, previousSeq, attempt: numbered, transition });

  const verdict = ours ? decide(row, transition, lane, attempt.endedAt) : decideStale(row, transition, attempt.endedAt);
  w.prepare(UPDATE).run(
    verdict.state,
    ours || verdict.ended ? null : (row.lease as number | null),
    verdict.dueAt,
    (row.run_first_active_ms as number | null) ?? attempt.startedAt - lane.heldMs,
    attempt.startedAt,
    attemptSeq,
    verdict.endedAt,
    verdict.reason,
    deliverySeq,
  );
  if (verdict.state === STATE.waitingRetry && ours) waitForRetry(lane, row.ordered === 1, verdict.dueAt, next);
  return { kind: ours ? "settled" : "stale", state: stateNameOf(verdict.state), ended: verdict.ended, repeats: null };
}

// By primary key, from each attempt of the delivery to the one before it.
const FIND_ATTEMPT = `
  WITH RECURSIVE chain (seq, previous_seq, id, length) AS (
    SELECT seq, previous_seq, id, 1
    FROM attempts
    WHERE seq = ?
    UNION ALL
    SELECT a.seq, a.previous_seq, a.id, chain.length + 1
    FROM chain CROSS JOIN attempts a ON a.seq = chain.previous_seq
    WHERE chain.length < ?)
  SELECT seq
  FROM chain
  WHERE id = ?`;

/** The sequence of this attempt if it is recorded already; null when it is not. */
function findAttempt(w: Writing, lastSeq: Seq | null, id: Uuid): Seq | null {
  if (lastSeq === null) return null;
  const found = w.prepare(FIND_ATTEMPT).get(lastSeq, LIST_ROWS_PER_STATEMENT, uuidBytes(id));
  return found === undefined ? null : Number(found.seq);
}

interface Verdict {
  readonly state: number;
  readonly dueAt: EpochMs;
  readonly endedAt: EpochMs | null;
  readonly reason: string | null;
  /** Whether this settlement ended it. */
  readonly ended: boolean;
}

type Row = Record<string, unknown>;

function decide(row: Row, { next }: Transition, lane: LaneRow, now: EpochMs): Verdict {
  const dueAt = row.due_at as EpochMs;
  if (next.state !== "SCHEDULED") {
    const reason = next.state === "DELIVERED" ? null : next.reason;
    return { state: DELIVERY_STATE.number(next.state), dueAt, endedAt: now, reason, ended: true };
  }
  if (lane.deleted || row.cancel_requested === 1) {
    const reason = lane.deleted ? "endpoint_deleted" : "cancelled";
    return { state: STATE.cancelled, dueAt, endedAt: now, reason, ended: true };
  }
  // In an ordered lane the delivery keeps its position, and the whole lane waits.
  const nextDueAt = row.ordered === 1 ? dueAt : next.dueAt;
  return { state: STATE.waitingRetry, dueAt: nextDueAt, endedAt: null, reason: null, ended: false };
}

/**
 * Another lease owns the delivery. A late result ends the delivery only if it succeeded and the delivery is still open.
 */
function decideStale(row: Row, { next }: Transition, now: EpochMs): Verdict {
  const state = row.state as number;
  const dueAt = row.due_at as EpochMs;
  if (state < STATE.delivered && next.state === "DELIVERED") {
    return { state: STATE.delivered, dueAt, endedAt: now, reason: null, ended: true };
  }
  return { state, dueAt, endedAt: row.ended_at as EpochMs | null, reason: row.reason as string | null, ended: false };
}

function waitForRetry(lane: LaneRow, ordered: boolean, dueAt: EpochMs, next: Transition["next"]): void {
  if (ordered && next.state === "SCHEDULED") {
    updateLane(lane, { waitUntil: Math.max(lane.waitUntil ?? 0, next.dueAt) });
  }
  noteWaiting(lane, dueAt);
  advanceReadyAt(lane, dueAt);
}

function stateNameOf(state: number): SettledResult["state"] {
  switch (state) {
    case STATE.delivered:
      return "DELIVERED";
    case STATE.failed:
      return "FAILED";
    case STATE.expired:
      return "EXPIRED";
    case STATE.cancelled:
      return "CANCELLED";
    default:
      return "SCHEDULED";
  }
}

interface NewAttempt {
  readonly attemptSeq: Seq;
  readonly deliverySeq: Seq;
  readonly endpointSeq: Seq;
  readonly previousSeq: Seq | null;
  readonly attempt: AttemptRecord;
  readonly transition: Transition;
}

const INSERT_ATTEMPT = `
  INSERT INTO attempts
    (seq, delivery_seq, previous_seq, id, number, started_at, latency_ms, outcome, classification, http_status,
     snippet, error_detail, url_seq, response_headers, timings)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

export function insertAttempt(w: Writing, row: NewAttempt): void {
  const { attempt, transition } = row;
  w.prepare(INSERT_ATTEMPT).run(
    row.attemptSeq,
    row.deliverySeq,
    row.previousSeq,
    uuidBytes(attempt.id),
    attempt.number,
    attempt.startedAt,
    attempt.endedAt - attempt.startedAt,
    OUTCOME.number(transition.outcome),
    transition.classification,
    attempt.httpStatus,
    attempt.snippet,
    attempt.errorDetail,
    urlSeq(w, row.endpointSeq, attempt.url),
    attempt.responseHeaders,
    attempt.timings,
  );
}

// ── The lane ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Apply the attempt to its lane. Returns why the endpoint has to be disabled, or null. */
function applyToLane(w: Writing, lane: LaneRow, transition: Transition, now: EpochMs): DisabledReason | null {
  const before = lane.health;
  if (transition.health === "success") {
    if (before.failureStreak > 0) {
      updateLane(lane, { health: HEALTHY });
      if (before.restUntil !== null) refreshReadyAt(w, lane);
    }
    return null;
  }
  if (transition.health === "failure") {
    const health = afterFailure(before, now, lane.heldMs);
    updateLane(lane, { health });
    if (health.restUntil !== before.restUntil) refreshReadyAt(w, lane);
  }
  if (transition.throttleUntil !== null) {
    updateLane(lane, { waitUntil: Math.max(lane.waitUntil ?? 0, transition.throttleUntil) });
    refreshReadyAt(w, lane);
  }
  if (lane.status === "DISABLED" || lane.deleted) return null;
  return transition.disable ?? (isGivenUp(lane.health, now, lane.heldMs) ? "no_success" : null);
}

const ENDPOINT = "SELECT id, name, url FROM endpoints WHERE seq = ?";
const TENANT = "SELECT id FROM tenants WHERE seq = ?";

function disable(w: Writing, lane: LaneRow, reason: DisabledReason, now: EpochMs): Wake[] {
  changeStatus(w, lane.endpointSeq, "DISABLED", reason, now);
  const endpoint = w.prepare(ENDPOINT).get(lane.endpointSeq);
  const tenant = w.prepare(TENANT).get(lane.tenantSeq);
  const event = {
    id: w.newId(),
    tenantId: uuidText(tenant?.id as Uint8Array),
    type: "endpoint.disabled",
    payload: JSON.stringify({
      endpoint_id: `${ID_PREFIX.endpoint}${uuidText(endpoint?.id as Uint8Array)}`,
      name: endpoint?.name,
      url: endpoint?.url,
      reason,
      disabled_at: new Date(now).toISOString(),
    }),
    acceptedAt: now,
    pauseId: null,
  };
  return publishOwn(w, lane.tenantSeq, event, "operational");
}

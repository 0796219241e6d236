/** release: gives leases and lanes back. recordTest: records a test that was sent. */
import type { EpochMs, Seq } from "../../domain/ids.ts";
import type { ReleaseRequest, TestRecord, Wake } from "../../ports/store.ts";
import { noteChanged } from "../history/ledger-changes.ts";
import { uuidBytes } from "../rows.ts";
import { DELIVERY_STATE, STATE } from "../stored-enums.ts";
import type { Writing } from "../writing.ts";
import { insertDelivery, insertEvent } from "./insert.ts";
import { advanceReadyAt, countAttempt, noteWaiting, updateLane } from "./lane-rows.ts";
import { insertAttempt } from "./settle.ts";

const SELECT = `
  SELECT endpoint_seq, due_at, cancel_requested, attempts, attempts_before_run
  FROM deliveries
  WHERE seq = ? AND lease = ?`;
const GIVE_BACK = `
  UPDATE deliveries
  SET state = ?, lease = NULL, claims = claims - ?
  WHERE seq = ?`;
const CANCEL = `
  UPDATE deliveries
  SET state = 5, lease = NULL, ended_at = ?, reason = ?
  WHERE seq = ?`;

export function release(w: Writing, { now, leases, disown, areVoid = false }: ReleaseRequest): Wake[] {
  const touched = new Set<Seq>(disown.map(({ endpointSeq }) => endpointSeq));
  for (const { deliverySeq, token } of leases) {
    const row = w.prepare(SELECT).get(deliverySeq, token);
    if (row === undefined) continue;
    const lane = w.lanes.get(row.endpoint_seq as Seq);
    if (lane.deleted || row.cancel_requested === 1) {
      w.prepare(CANCEL).run(now, lane.deleted ? "endpoint_deleted" : "cancelled", deliverySeq);
      noteChanged(w, lane.tenantSeq, deliverySeq);
      w.counters.ended({ tenantSeq: lane.tenantSeq, endpointSeq: lane.endpointSeq, at: now }, "CANCELLED");
      continue;
    }
    const retried = (row.attempts as number) > (row.attempts_before_run as number);
    w.prepare(GIVE_BACK).run(retried ? STATE.waitingRetry : STATE.waitingNew, areVoid ? 0 : 1, deliverySeq);
    noteWaiting(lane, row.due_at as EpochMs);
    advanceReadyAt(lane, row.due_at as EpochMs);
    touched.add(lane.endpointSeq);
  }
  for (const { endpointSeq } of disown) {
    const lane = w.lanes.get(endpointSeq);
    if (lane.owner === w.self.node) updateLane(lane, { owner: null });
  }
  return [...touched].flatMap((endpointSeq) => {
    const { readyAt } = w.lanes.get(endpointSeq);
    return readyAt === null ? [] : [{ endpointSeq, readyAt }];
  });
}

const END_TEST = `
  UPDATE deliveries
  SET state = ?, attempts = 1, claims = 1, last_attempt_at = ?, last_attempt_seq = ?, ended_at = ?, reason = ?
  WHERE seq = ?`;

export function recordTest(w: Writing, record: TestRecord): void {
  const { tenantSeq, endpointSeq, event, attempt, transition } = record;
  // The caller repeats the call if the first result was lost.
  if (w.prepare("SELECT 1 FROM events WHERE id = ?").get(uuidBytes(event.id)) !== undefined) return;
  const { eventSeq, typeSeq } = insertEvent(w, {
    tenantSeq,
    event,
    deliveryCount: 1,
    named: true,
    namedDisabled: [],
    keyed: false,
    origin: "test",
  });
  const deliverySeq = insertDelivery(w, {
    id: record.deliveryId,
    tenantSeq,
    endpointSeq,
    eventSeq,
    typeSeq,
    format: record.format,
    ordered: false,
    createdAt: event.acceptedAt,
    dueAt: event.acceptedAt,
    lease: null,
    origin: "test",
  });
  const attemptSeq = w.sequences.attempt++;
  insertAttempt(w, { attemptSeq, deliverySeq, endpointSeq, previousSeq: null, attempt, transition });
  const delivered = transition.next.state === "DELIVERED";
  const state = delivered ? STATE.delivered : DELIVERY_STATE.number("FAILED");
  const reason = delivered ? null : transition.next.state === "FAILED" ? transition.next.reason : "attempts_exhausted";
  w.prepare(END_TEST).run(state, attempt.startedAt, attemptSeq, attempt.endedAt, reason, deliverySeq);
  const counter = { tenantSeq, endpointSeq, at: attempt.endedAt };
  w.counters.ended(counter, delivered ? "DELIVERED" : "FAILED");
  if (attempt.httpStatus !== null) w.counters.answered(counter, attempt.endedAt - attempt.startedAt);
  countAttempt(w.lanes.get(endpointSeq), attempt, transition);
}

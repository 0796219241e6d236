/** Gives back what a node that is gone had leased, owned and claimed. What was in flight may have arrived, and is sent again. */
import { TOKENS_PER_NODE } from "../../domain/delivery/lease-token.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import { VOID_LEASES_COUNT_MAX } from "../../domain/limits.ts";
import type { Wake } from "../../ports/store.ts";
import { noteWaiting, refreshReadyAt, updateLane } from "../delivery/lane-rows.ts";
import { silenceReaders } from "../endpoints/listeners.ts";
import { noteChanged } from "../history/ledger-changes.ts";
import { voidNotifications } from "../pauses/notifications.ts";
import { all } from "../read-connection.ts";
import { STATE } from "../stored-enums.ts";
import type { Writing } from "../writing.ts";

const GONE = "SELECT node FROM nodes WHERE gone_at IS NOT NULL AND is_void = 0 ORDER BY node";
const IS_VOID = "UPDATE nodes SET is_void = 1 WHERE node = ?";

export interface Voided {
  readonly woken: readonly Wake[];
  /** Whether nothing is left. */
  readonly done: boolean;
}

/** One limited step over the nodes that are gone. */
export function voidGone(w: Writing, now: EpochMs): Voided {
  const woken: Wake[] = [];
  for (const { node } of all<{ node: number }>(w, GONE)) {
    const step = voidNode(w, node, now);
    woken.push(...step.woken);
    if (!step.done) return { woken, done: false };
    w.prepare(IS_VOID).run(node);
  }
  return { woken, done: true };
}

interface Leased {
  readonly seq: Seq;
  readonly endpoint_seq: Seq;
  readonly due_at: EpochMs;
  readonly attempts: number;
  readonly attempts_before_run: number;
  readonly cancel_requested: number;
}

const LEASED = `
  SELECT seq, endpoint_seq, due_at, attempts, attempts_before_run, cancel_requested
  FROM deliveries INDEXED BY deliveries_leased
  WHERE lease IS NOT NULL AND lease >= ? AND lease < ?
  ORDER BY lease
  LIMIT ?`;
const OWNED = "SELECT endpoint_seq AS seq FROM lanes WHERE owner = ?";

function voidNode(w: Writing, node: number, now: EpochMs): Voided {
  const first = node * TOKENS_PER_NODE;
  const leased = all<Leased>(w, LEASED, first, first + TOKENS_PER_NODE, VOID_LEASES_COUNT_MAX);
  for (const row of leased) voidLease(w, row, now);
  const done = leased.length < VOID_LEASES_COUNT_MAX;
  const lanes = new Set(leased.map((row) => row.endpoint_seq));
  if (done) {
    w.lanes.flush();
    for (const { seq } of all<{ seq: Seq }>(w, OWNED, node)) lanes.add(seq);
    silenceReaders(w, node, now);
    voidNotifications(w, node, now);
  }
  const woken: Wake[] = [];
  for (const endpointSeq of lanes) {
    const lane = w.lanes.get(endpointSeq);
    if (done && lane.owner === node) updateLane(lane, { owner: null });
    refreshReadyAt(w, lane);
    if (lane.readyAt !== null) woken.push({ endpointSeq, readyAt: lane.readyAt });
  }
  return { woken, done };
}

// The claim stays counted: a delivery with too many claims and no attempt crashes the process.
const GIVE_BACK = "UPDATE deliveries SET state = ?, lease = NULL WHERE seq = ?";
const CANCEL = "UPDATE deliveries SET state = 5, lease = NULL, ended_at = ?, reason = ? WHERE seq = ?";

function voidLease(w: Writing, row: Leased, now: EpochMs): void {
  const lane = w.lanes.get(row.endpoint_seq);
  if (lane.deleted || row.cancel_requested === 1) {
    w.prepare(CANCEL).run(now, lane.deleted ? "endpoint_deleted" : "cancelled", row.seq);
    noteChanged(w, lane.tenantSeq, row.seq);
    w.counters.ended({ tenantSeq: lane.tenantSeq, endpointSeq: lane.endpointSeq, at: now }, "CANCELLED");
  } else {
    const retried = row.attempts > row.attempts_before_run;
    w.prepare(GIVE_BACK).run(retried ? STATE.waitingRetry : STATE.waitingNew, row.seq);
    noteWaiting(lane, row.due_at);
  }
}

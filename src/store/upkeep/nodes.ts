/** The verbs of a node: enter, heartbeat, leases. */
import type { EpochMs, LeaseToken, Seq } from "../../domain/ids.ts";
import type { Entered, Lease } from "../../ports/store.ts";
import { refreshReadyAt, updateLane } from "../delivery/lane-rows.ts";
import { noteChanged } from "../history/ledger/note.ts";
import { voidNotifications } from "../pauses/notifications.ts";
import { all, insert, one } from "../read-connection.ts";
import { STATE } from "../stored-enums.ts";
import type { Writing } from "../writing.ts";

/** A token is the node's number × 2^32, plus a counter. */
const TOKENS_PER_NODE = 2 ** 32;

// ── Enter ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Enter as the only node. A SQLite file has one process, so all leases and owned lanes are those of a process that is
 * gone. `LANE_POOL_DELIVERIES_MAX` limits both, so no job is needed. What was in flight may have arrived, and is sent
 * again.
 */
export function enter(w: Writing, wallMs: EpochMs): Entered {
  const latest = latestTime(w);
  const trusted = one<{ value: EpochMs }>(w, "SELECT value FROM marks WHERE name = 'trusted_time'");
  const now = Math.max(wallMs, latest);
  const node = insert(w, "INSERT INTO nodes (entered_at, seen_at) VALUES (?, ?) RETURNING node AS seq", now, now);
  raiseLatestTime(w, now);
  const touched = new Set([...voidLeases(w, now), ...ownedLanes(w)]);
  for (const endpointSeq of touched) {
    const lane = w.lanes.get(endpointSeq);
    updateLane(lane, { owner: null });
    refreshReadyAt(w, lane);
  }
  voidNotifications(w, now);
  w.self.node = node;
  w.self.enteredAt = now;
  return { node, now, lastSeenAt: trusted?.value ?? null, linkKey: w.vault.linkKey };
}

interface Leased {
  readonly seq: Seq;
  readonly endpoint_seq: Seq;
  readonly attempts: number;
  readonly attempts_before_run: number;
  readonly cancel_requested: number;
}

const LEASED = `
  SELECT seq, endpoint_seq, attempts, attempts_before_run, cancel_requested
  FROM deliveries INDEXED BY deliveries_leased
  WHERE lease IS NOT NULL`;
// The claim stays counted: a delivery with too many claims and no attempt crashes the process.
const GIVE_BACK = "UPDATE deliveries SET state = ?, lease = NULL WHERE seq = ?";
const CANCEL = "UPDATE deliveries SET state = 5, lease = NULL, ended_at = ?, reason = ? WHERE seq = ?";

/** Returns the lanes of the deliveries that wait again. */
function voidLeases(w: Writing, now: EpochMs): Seq[] {
  const leased = all<Leased>(w, LEASED);
  for (const row of leased) {
    const lane = w.lanes.get(row.endpoint_seq);
    if (lane.deleted || row.cancel_requested === 1) {
      w.prepare(CANCEL).run(now, lane.deleted ? "endpoint_deleted" : "cancelled", row.seq);
      noteChanged(w, lane.tenantSeq, row.seq);
      w.counters.ended({ tenantSeq: lane.tenantSeq, endpointSeq: lane.endpointSeq, at: now }, "failed");
    } else {
      const retried = row.attempts > row.attempts_before_run;
      w.prepare(GIVE_BACK).run(retried ? STATE.waitingRetry : STATE.waitingNew, row.seq);
    }
  }
  return leased.map((row) => row.endpoint_seq);
}

function ownedLanes(w: Writing): Seq[] {
  return all<{ seq: Seq }>(w, "SELECT endpoint_seq AS seq FROM lanes WHERE owner IS NOT NULL").map(({ seq }) => seq);
}

// ── Time ────────────────────────────────────────────────────────────────────────────────────────────────────────────

// In addition to the stored time, look at the last row of each table: a node may have ended between two heartbeats.
// Pauses, their endings and their openings are all in the audit.
const LATEST_TIME = `
  SELECT max(
    coalesce((SELECT value FROM marks WHERE name = 'latest_time'), 0),
    coalesce((SELECT accepted_at FROM events ORDER BY seq DESC LIMIT 1), 0),
    coalesce((SELECT created_at FROM deliveries ORDER BY seq DESC LIMIT 1), 0),
    coalesce((SELECT started_at + latency_ms FROM attempts ORDER BY seq DESC LIMIT 1), 0),
    coalesce((SELECT created_at FROM audit ORDER BY seq DESC LIMIT 1), 0)) AS time`;
const RAISE = `
  INSERT INTO marks (name, value)
  VALUES (?, ?)
  ON CONFLICT (name) DO UPDATE SET value = max(marks.value, excluded.value)`;

/** The latest time that the store has seen; 0 for a new store. */
function latestTime(w: Writing): EpochMs {
  return one<{ time: EpochMs }>(w, LATEST_TIME)?.time ?? 0;
}

function raiseLatestTime(w: Writing, now: EpochMs): void {
  w.prepare(RAISE).run("latest_time", now);
}

export function heartbeat(w: Writing, now: EpochMs, isTrusted: boolean): void {
  w.prepare("UPDATE nodes SET seen_at = max(seen_at, ?) WHERE node = ?").run(now, w.self.node);
  raiseLatestTime(w, now);
  if (isTrusted) w.prepare(RAISE).run("trusted_time", now);
}

// ── Leases ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const LEASES = `
  SELECT tenant_seq, seq, lease
  FROM deliveries INDEXED BY deliveries_leased
  WHERE lease IS NOT NULL AND lease >= ? AND lease < ?
  ORDER BY lease`;

export function leases(w: Writing): Lease[] {
  const first = w.self.node * TOKENS_PER_NODE;
  const rows = all<{ tenant_seq: Seq; seq: Seq; lease: LeaseToken }>(w, LEASES, first, first + TOKENS_PER_NODE);
  return rows.map(({ tenant_seq, seq, lease }) => ({ tenantSeq: tenant_seq, deliverySeq: seq, token: lease }));
}

/** What may wait for a listener while it is held: the newest deliveries, up to a number and to their bytes. */
import type { EpochMs, Seq } from "../../domain/ids.ts";
import {
  LISTENER_CANCELLED_COUNT,
  LISTENER_WAITING_BYTES_MAX,
  LISTENER_WAITING_COUNT_MAX,
} from "../../domain/limits.ts";
import { noteChanged } from "../history/ledger-changes.ts";
import { all } from "../read-connection.ts";
import type { Writing } from "../writing.ts";
import { type LaneRow, setHead, updateLane } from "./lane-rows.ts";

// Served by deliveries_waiting.
const OLDEST = `
  SELECT d.seq, d.due_at, octet_length(v.payload) AS bytes
  FROM deliveries d INDEXED BY deliveries_waiting
  JOIN events v ON v.seq = d.event_seq
  WHERE d.endpoint_seq = ? AND d.state < 2 AND d.due_at >= ?
  ORDER BY d.due_at, d.seq
  LIMIT ?`;
const CANCEL = "UPDATE deliveries SET state = 5, ended_at = ?, reason = 'listener_full' WHERE seq = ?";

interface OldRow {
  readonly seq: Seq;
  readonly due_at: EpochMs;
  readonly bytes: number;
}

/** One more delivery waits: beyond the bound, cancel the oldest, a hundred at a time. */
export function boundWaiting(w: Writing, lane: LaneRow, now: EpochMs): void {
  const { heldCount, heldBytes } = lane;
  const most = LISTENER_WAITING_COUNT_MAX + LISTENER_CANCELLED_COUNT;
  if (heldCount <= most && heldBytes <= LISTENER_WAITING_BYTES_MAX) return;
  const rows = all<OldRow>(w, OLDEST, lane.endpointSeq, lane.headDue ?? 0, LISTENER_CANCELLED_COUNT + 1);
  const old = rows.slice(0, LISTENER_CANCELLED_COUNT);
  w.prepare(CANCEL).runEach(old.map(({ seq }) => [now, seq]));
  for (const { seq } of old) {
    noteChanged(w, lane.tenantSeq, seq);
    w.counters.ended({ tenantSeq: lane.tenantSeq, endpointSeq: lane.endpointSeq, at: now }, "CANCELLED");
  }
  forget(w, lane, old);
  setHead(lane, rows[LISTENER_CANCELLED_COUNT]?.due_at ?? null);
}

/** Of what waited before the lane was held, the bytes were never counted. */
function forget(w: Writing, lane: LaneRow, old: readonly OldRow[]): void {
  const bytes = Math.min(
    lane.heldBytes,
    old.reduce((sum, row) => sum + row.bytes, 0),
  );
  const ofTenant = w.memory.heldBytes.get(lane.tenantSeq);
  if (ofTenant !== undefined) w.memory.heldBytes.set(lane.tenantSeq, ofTenant - bytes);
  updateLane(lane, { heldBytes: lane.heldBytes - bytes, heldCount: Math.max(0, lane.heldCount - old.length) });
}

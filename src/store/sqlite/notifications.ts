/** claimNotifications and settleNotification: telling people of pauses, each message due, claimed and settled. */
import type { EpochMs, Seq } from "../../domain/ids.ts";
import type {
  ClaimedNotification,
  ClaimedNotifications,
  ClaimNotifications,
  SettleNotification,
} from "../../ports/store.ts";
import { channelName, channelNumber, uuidBytes } from "../rows.ts";
import { audit } from "./audit.ts";
import { loadPause } from "./pause-views.ts";
import { all, one } from "./reading.ts";
import type { Writing } from "./writing.ts";

/** Why nobody is told of a pause that is over. */
export const ENDED_FIRST = "the pause ended first";

// ── Claim ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const DUE = `
  SELECT seq, expires_at, notification_attempts AS attempts
  FROM pauses INDEXED BY notifications_due
  WHERE channel = ? AND notification_due_at IS NOT NULL AND notification_due_at <= ?
  ORDER BY notification_due_at, seq
  LIMIT ?`;
const CLAIM = `
  UPDATE pauses
  SET notification_node = ?, notification_due_at = NULL, notification_attempts = notification_attempts + 1
  WHERE seq = ?`;
const NEXT = `
  SELECT notification_due_at AS at
  FROM pauses INDEXED BY notifications_due
  WHERE channel = ? AND notification_due_at IS NOT NULL
  ORDER BY notification_due_at
  LIMIT 1`;

interface Due {
  readonly seq: Seq;
  readonly expires_at: EpochMs;
  readonly attempts: number;
}

export function claimNotifications(w: Writing, request: ClaimNotifications): ClaimedNotifications {
  const { node, now, limit } = request;
  const channel = channelNumber(request.channel);
  const claimed: ClaimedNotification[] = [];
  for (const { seq, expires_at, attempts } of all<Due>(w, DUE, channel, now, limit)) {
    // Its deadline has come though nobody wrote it down yet: a message would ask for what can no longer be answered.
    if (expires_at <= now) {
      fail(w, seq, ENDED_FIRST);
      continue;
    }
    w.prepare(CLAIM).run(node, seq);
    claimed.push({ pause: loadPause(w, seq), attempts });
  }
  return { claimed, nextAt: one<{ at: EpochMs }>(w, NEXT, channel)?.at ?? null };
}

// ── Settle ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const CLAIMED = `
  SELECT seq, tenant_seq, status, channel
  FROM pauses
  WHERE id = ? AND notification_node = ?`;
const SENT = `
  UPDATE pauses
  SET notification = 2, notification_reason = NULL, notification_node = NULL
  WHERE seq = ?`;
const FAIL = `
  UPDATE pauses
  SET notification = 3, notification_reason = ?, notification_node = NULL, notification_due_at = NULL
  WHERE seq = ?`;
const AGAIN = `
  UPDATE pauses
  SET notification_reason = ?, notification_node = NULL, notification_due_at = ?
  WHERE seq = ?`;
const UNCOUNT = "UPDATE pauses SET notification_attempts = notification_attempts - 1 WHERE seq = ?";

interface Claimed {
  readonly seq: Seq;
  readonly tenant_seq: Seq;
  readonly status: number;
  readonly channel: number;
}

/** Only of what this node has claimed: a settlement that is repeated, or came after a restart, says nothing new. */
export function settleNotification(w: Writing, { pauseId, now, outcome }: SettleNotification): void {
  const row = one<Claimed>(w, CLAIMED, uuidBytes(pauseId), w.self.node);
  if (row === undefined) return;
  switch (outcome.kind) {
    case "sent": {
      w.prepare(SENT).run(row.seq);
      const data = { channel: channelName(row.channel) };
      audit(w, { tenantSeq: row.tenant_seq, actor: "system", type: "pause.notified", pauseId, data, now });
      return;
    }
    case "failed":
      fail(w, row.seq, outcome.reason);
      return;
    case "again":
      if (row.status !== 0) fail(w, row.seq, ENDED_FIRST);
      else w.prepare(AGAIN).run(outcome.reason, outcome.at, row.seq);
      return;
    case "returned":
      w.prepare(UNCOUNT).run(row.seq);
      giveBack(w, row, now);
  }
}

function fail(w: Writing, seq: Seq, reason: string): void {
  w.prepare(FAIL).run(reason, seq);
}

// ── Give back ───────────────────────────────────────────────────────────────────────────────────────────────────────

const GIVE_BACK = `
  UPDATE pauses
  SET notification_node = NULL, notification_due_at = ?
  WHERE seq = ?`;

function giveBack(w: Writing, { seq, status }: Pick<Claimed, "seq" | "status">, now: EpochMs): void {
  if (status !== 0) fail(w, seq, ENDED_FIRST);
  else w.prepare(GIVE_BACK).run(now, seq);
}

const CLAIMED_BY_ANYONE = `
  SELECT seq, status
  FROM pauses INDEXED BY notifications_claimed
  WHERE notification_node IS NOT NULL`;

/** What a process that is gone had claimed is due again, its attempt counted: it may have been sent. */
export function voidNotifications(w: Writing, now: EpochMs): void {
  for (const row of all<Pick<Claimed, "seq" | "status">>(w, CLAIMED_BY_ANYONE)) giveBack(w, row, now);
}

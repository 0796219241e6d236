/** claimNotifications, settleNotification and resendNotification: the outbox of the messages that tell people of pauses. */
import type { EpochMs, Seq } from "../../domain/ids.ts";
import { NOTIFICATIONS_OF_TENANT_COUNT_MAX, PAUSE_RESENDS_COUNT_MAX } from "../../domain/limits.ts";
import { channelOf } from "../../domain/pauses/pause.ts";
import type {
  ClaimedNotification,
  ClaimedNotifications,
  ClaimNotifications,
  PauseAction,
  ResendResult,
  SettleNotification,
} from "../../ports/store.ts";
import { audit, byActor } from "../access/audit.ts";
import { all, one } from "../read-connection.ts";
import { uuidBytes } from "../rows.ts";
import { CHANNEL } from "../stored-enums.ts";
import type { Writing } from "../writing.ts";
import {
  addresseesOf,
  claimLetter,
  ENDED_FIRST,
  endLetters,
  releaseLetter,
  settleLetter,
  writeLetters,
} from "./letters.ts";
import { readPause } from "./pause-rows.ts";
import { findPause, loadPause } from "./pause-views.ts";

// ── Claim ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const DUE = `
  SELECT seq, expires_at, notification_attempts AS attempts, reminded AS reminder, letters
  FROM pauses INDEXED BY notifications_of_tenant
  WHERE channel = ? AND tenant_seq = ? AND notification_due_at IS NOT NULL AND notification_due_at <= ?
  ORDER BY notification_due_at, seq
  LIMIT ?`;
/** The next tenant that has a notification due: one step in the index, however many wait. */
const NEXT_TENANT = `
  SELECT tenant_seq
  FROM pauses INDEXED BY notifications_of_tenant
  WHERE channel = ? AND tenant_seq > ? AND notification_due_at IS NOT NULL
  ORDER BY tenant_seq
  LIMIT 1`;
const ON_THE_WIRE = `
  SELECT tenant_seq
  FROM pauses INDEXED BY notifications_claimed
  WHERE notification_node IS NOT NULL AND channel = ?`;
const CLAIM = `
  UPDATE pauses
  SET notification_node = ?, notification_due_at = NULL, notification_attempts = notification_attempts + 1
  WHERE seq = ?`;
const NEXT = `
  SELECT notification_due_at AS at
  FROM pauses INDEXED BY notifications_due
  WHERE channel = ? AND notification_due_at IS NOT NULL AND notification_due_at > ?
  ORDER BY notification_due_at
  LIMIT 1`;

interface Due {
  readonly seq: Seq;
  readonly expires_at: EpochMs;
  readonly attempts: number;
  readonly reminder: number;
  /** Null: the message goes to the recipient alone. */
  readonly letters: string | null;
}

export function claimNotifications(w: Writing, request: ClaimNotifications): ClaimedNotifications {
  const { now, limit, afterTenant } = request;
  const channel = CHANNEL.number(request.channel);
  const onTheWire = all<{ tenant_seq: Seq }>(w, ON_THE_WIRE, channel).map((row) => row.tenant_seq);
  const claimed: ClaimedNotification[] = [];
  let lastTenant = afterTenant;
  for (const tenantSeq of tenantsInTurn(w, channel, afterTenant)) {
    if (claimed.length >= limit) break;
    const has = onTheWire.filter((of) => of === tenantSeq).length;
    const share = Math.min(limit - claimed.length, NOTIFICATIONS_OF_TENANT_COUNT_MAX - has);
    if (share > 0) claimed.push(...claimOf(w, tenantSeq, { ...request, limit: share }));
    lastTenant = tenantSeq;
  }
  return { claimed, lastTenant, nextAt: one<{ at: EpochMs }>(w, NEXT, channel, now)?.at ?? null };
}

/** Begins with the tenant after the last one that was served, and wraps around. */
function* tenantsInTurn(w: Writing, channel: number, after: Seq): Generator<Seq> {
  const next = (from: Seq) => one<{ tenant_seq: Seq }>(w, NEXT_TENANT, channel, from)?.tenant_seq;
  for (let tenant = next(after); tenant !== undefined; tenant = next(tenant)) yield tenant;
  for (let tenant = next(0); tenant !== undefined && tenant <= after; tenant = next(tenant)) yield tenant;
}

function claimOf(w: Writing, tenantSeq: Seq, request: ClaimNotifications): ClaimedNotification[] {
  const { now, limit } = request;
  const claimed: ClaimedNotification[] = [];
  for (const due of all<Due>(w, DUE, CHANNEL.number(request.channel), tenantSeq, now, limit)) {
    // Its deadline has passed, although the timeout is not recorded yet. The person could no longer respond.
    if (due.expires_at <= now) {
      if (due.letters === null) fail(w, due.seq, ENDED_FIRST);
      else endLetters(w, due.seq);
      continue;
    }
    const claim = due.letters === null ? claimOnly(w, due) : claimLetter(w, due.seq, now);
    if (claim !== null) claimed.push(claim);
  }
  return claimed;
}

function claimOnly(w: Writing, { seq, attempts, reminder }: Due): ClaimedNotification {
  w.prepare(CLAIM).run(w.self.node, seq);
  return { pause: loadPause(w, seq), attempts, to: null, reminder };
}

// ── Settle ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const CLAIMED = `
  SELECT seq, tenant_seq, status, channel, letters
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
  readonly letters: string | null;
}

/** Only what this node has claimed: a settlement that is repeated, or that comes after a restart, has no effect. */
export function settleNotification(w: Writing, { pauseId, now, outcome }: SettleNotification): void {
  const row = one<Claimed>(w, CLAIMED, uuidBytes(pauseId), w.self.node);
  if (row === undefined) return;
  const notified = (data: Readonly<Record<string, string>>) => {
    const whole = { channel: CHANNEL.name(row.channel), ...data };
    audit(w, { tenantSeq: row.tenant_seq, actor: "system", type: "pause.notified", pauseId, data: whole, now });
  };
  if (row.letters !== null) {
    const reached = settleLetter(w, row.seq, { now, outcome, hasEnded: row.status !== 0 });
    if (reached !== undefined) notified(reached === null ? {} : { email: reached.email });
    return;
  }
  switch (outcome.kind) {
    case "sent":
      w.prepare(SENT).run(row.seq);
      notified({});
      return;
    case "failed":
      fail(w, row.seq, outcome.reason);
      return;
    case "again":
      if (row.status !== 0) fail(w, row.seq, ENDED_FIRST);
      else w.prepare(AGAIN).run(outcome.reason, outcome.at, row.seq);
      return;
    case "released":
      w.prepare(UNCOUNT).run(row.seq);
      release(w, row, now);
  }
}

function fail(w: Writing, seq: Seq, reason: string): void {
  w.prepare(FAIL).run(reason, seq);
}

// ── Resend ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const COUNT_RESEND = "UPDATE pauses SET resends = resends + 1 WHERE seq = ? AND resends < ?";

export function resendNotification(w: Writing, { actor, tenantSeq, id, now }: PauseAction): ResendResult {
  const row = findPause(w, id);
  if (row === null || row.tenant_seq !== tenantSeq) return { kind: "unknown" };
  const pause = readPause(w, row);
  if (pause.ending !== null || now >= pause.expiresAt) return { kind: "ended", pause };
  const channel = channelOf(pause);
  if (channel === null || pause.notification.status === "none" || actor.test) return { kind: "notifiesNobody" };
  if (pause.notification.status === "pending") return { kind: "pending" };
  const people = addresseesOf(pause);
  if (people.length === 0) return { kind: "notifiesNobody" };
  if (w.prepare(COUNT_RESEND).run(row.seq, PAUSE_RESENDS_COUNT_MAX).changes === 0) return { kind: "tooMany" };
  writeLetters(w, row.seq, people, { now, reminder: pause.reminded, repeats: true });
  const data = { channel, ...byActor(actor) };
  audit(w, { tenantSeq, actor, type: "pause.resent", pauseId: id, data, now });
  return { kind: "resent", pause: loadPause(w, row.seq) };
}

// ── Release ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const RELEASE = `
  UPDATE pauses
  SET notification_node = NULL, notification_due_at = ?
  WHERE seq = ?`;

type Released = Pick<Claimed, "seq" | "status" | "letters">;

function release(w: Writing, { seq, status, letters }: Released, now: EpochMs): void {
  if (letters !== null) releaseLetter(w, seq, { now, hasEnded: status !== 0 });
  else if (status !== 0) fail(w, seq, ENDED_FIRST);
  else w.prepare(RELEASE).run(now, seq);
}

const CLAIMED_BY = `
  SELECT seq, status, letters
  FROM pauses INDEXED BY notifications_claimed
  WHERE notification_node IS NOT NULL AND notification_node = ?`;

/** What a node that is gone had claimed is due again. Its attempt stays counted, since it may have been sent. */
export function voidNotifications(w: Writing, node: number, now: EpochMs): void {
  for (const row of all<Released>(w, CLAIMED_BY, node)) release(w, row, now);
}

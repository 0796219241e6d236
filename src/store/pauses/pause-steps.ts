/** What happens to pending pauses before their deadlines: reminders, escalations, and later deadlines. */
import type { EpochMs } from "../../domain/ids.ts";
import { channelOf, type Pause } from "../../domain/pauses/pause.ts";
import { isEscalationDue, isRequester, nextStepAt, remindersDue } from "../../domain/pauses/plan.ts";
import { wholeSeconds } from "../../domain/text/time.ts";
import type { DuePauses, ExtendPause, ExtendResult } from "../../ports/store.ts";
import { audit, byActor } from "../access/audit.ts";
import type { Connection } from "../connection.ts";
import { all, one } from "../read-connection.ts";
import type { Writing } from "../writing.ts";
import { addresseesOf, escalatedOf, writeLetters } from "./letters.ts";
import { PAUSE_COLUMNS, type PauseColumns, readPause } from "./pause-rows.ts";
import { findPause, loadPause } from "./pause-views.ts";

// ── Steps ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const DUE = `
  SELECT ${PAUSE_COLUMNS}
  FROM pauses p INDEXED BY pauses_steps CROSS JOIN tenants t ON t.seq = p.tenant_seq
  WHERE p.step_at IS NOT NULL AND p.step_at <= ? AND p.expires_at > ?
  ORDER BY p.step_at, p.seq
  LIMIT ?`;
const NEXT = `
  SELECT step_at
  FROM pauses INDEXED BY pauses_steps
  WHERE step_at IS NOT NULL
  ORDER BY step_at
  LIMIT 1`;
const STEPPED = "UPDATE pauses SET reminded = ?, escalated_at = ?, step_at = ? WHERE seq = ?";

/** A pause that is past its deadline takes no step any more: it times out, at the latest with the next call. */
export function takeDueSteps(w: Writing, now: EpochMs, limit: number): DuePauses["stepped"] {
  return all<PauseColumns>(w, DUE, now, now, limit).map((row) => {
    const pause = readPause(w, row);
    takeSteps(w, pause, now);
    return { id: pause.id, tenantSeq: pause.tenantSeq, channel: channelOf(pause) };
  });
}

/** Those that were missed while no server ran count as one. */
function takeSteps(w: Writing, pause: Pause, now: EpochMs): void {
  const isEscalated = isEscalationDue(pause, now);
  const escalatedAt = isEscalated ? now : pause.escalatedAt;
  const after: Pause = { ...pause, reminded: remindersDue(pause, now), escalatedAt };
  w.prepare(STEPPED).run(after.reminded, escalatedAt, nextStepAt(after), pause.seq);
  if (isEscalated) noteEscalation(w, after, now);
  if (after.reminded > pause.reminded) remind(w, after, now);
}

function noteEscalation(w: Writing, pause: Pause, now: EpochMs): void {
  const approvers = pause.plan?.escalation?.approvers ?? [];
  const data = { approvers: approvers.map(({ email }) => email).join(", ") };
  audit(w, { tenantSeq: pause.tenantSeq, actor: "system", type: "pause.escalated", pauseId: pause.id, data, now });
  if (notifiesNobody(pause)) return;
  const people = escalatedOf(pause).filter(({ id }) => !isRequester(pause, id));
  writeLetters(w, pause.seq, people, { now, reminder: 0, repeats: false });
}

function remind(w: Writing, pause: Pause, now: EpochMs): void {
  if (notifiesNobody(pause)) return;
  if (!writeLetters(w, pause.seq, addresseesOf(pause), { now, reminder: pause.reminded, repeats: true })) return;
  const data = { channel: channelOf(pause) };
  audit(w, { tenantSeq: pause.tenantSeq, actor: "system", type: "pause.reminded", pauseId: pause.id, data, now });
}

/** It was made with a test key, or it has no recipient. */
function notifiesNobody({ notification }: Pause): boolean {
  return notification.status === "none";
}

/** The next step of any pause. */
export function nextStep(connection: Connection): EpochMs | null {
  return one<{ step_at: EpochMs }>(connection, NEXT)?.step_at ?? null;
}

// ── Extend ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const EXTEND = "UPDATE pauses SET expires_at = ?, step_at = ? WHERE seq = ?";

/** Reminders and escalations that are still to come keep their shares, of the longer time. */
export function extendPause(w: Writing, { actor, tenantSeq, id, expiresAt, now }: ExtendPause): ExtendResult {
  const row = findPause(w, id);
  if (row === null || row.tenant_seq !== tenantSeq) return { kind: "unknown" };
  const pause = readPause(w, row);
  if (pause.ending !== null || now >= pause.expiresAt) return { kind: "ended", pause };
  if (expiresAt < pause.expiresAt) return { kind: "notLater", pause };
  if (expiresAt === pause.expiresAt) return { kind: "extended", pause };
  w.prepare(EXTEND).run(expiresAt, nextStepAt({ ...pause, expiresAt }), row.seq);
  const times = { expires_at: wholeSeconds(expiresAt), previous_expires_at: wholeSeconds(pause.expiresAt) };
  audit(w, { tenantSeq, actor, type: "pause.extended", pauseId: id, data: { ...times, ...byActor(actor) }, now });
  return { kind: "extended", pause: loadPause(w, row.seq) };
}

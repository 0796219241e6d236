/**
 * endPause and endDuePauses. An answer, a cancellation and the deadline race for one conditional update, and the winner
 * publishes its event in the same transaction.
 */
import { inTrace } from "../../domain/delivery/trace-context.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import { REFUSED_ANSWERS_COUNT_MAX } from "../../domain/limits.ts";
import {
  type Ending,
  endingEvent,
  isSameAnswer,
  type PauseStatus,
  responseOf,
  timeOutOf,
} from "../../domain/pauses/pause.ts";
import { isSameVote, takesVotes } from "../../domain/pauses/plan.ts";
import type { DuePauses, EndPause, EndPauseResult, Wake } from "../../ports/store.ts";
import { type AuditEntry, audit, byActor } from "../access/audit.ts";
import type { Connection } from "../connection.ts";
import { publishOwn } from "../delivery/publish.ts";
import { all, one } from "../read-connection.ts";
import { uuidBytes, uuidText } from "../rows.ts";
import { PAUSE_STATUS } from "../stored-enums.ts";
import type { Writing } from "../writing.ts";
import { ENDED_FIRST, endLetters } from "./letters.ts";
import { endingOf, PAUSE_COLUMNS, type PauseColumns, planOf, readPause, votesOf } from "./pause-rows.ts";
import { nextStep, takeDueSteps } from "./pause-steps.ts";
import { findPause, loadPause } from "./pause-views.ts";
import { receiptOf } from "./receipts.ts";
import { vote } from "./votes.ts";

// ── One pause ───────────────────────────────────────────────────────────────────────────────────────────────────────

export function endPause(w: Writing, request: EndPause): EndPauseResult {
  const row = findPause(w, request.id);
  if (row === null || ("tenantSeq" in request && row.tenant_seq !== request.tenantSeq)) return { kind: "unknown" };
  const before = endingOf(row);
  if (before !== null) {
    noteRefusal(w, row, before, request);
    return { kind: "before", pause: readPause(w, row), woken: [] };
  }
  const ending = endingBy(row, request);
  if (ending === null) return { kind: "pending", pause: readPause(w, row), woken: [] };
  const voted = vote(w, row, ending, request);
  if (voted.kind === "votedBefore") refuse(w, row, "pending", request);
  if ("pause" in voted) return voted;
  const woken = end(w, voted.row, ending, request);
  noteRefusal(w, row, ending, request);
  const came = ending.status !== "timed_out" || request.by === "deadline" ? "ended" : "before";
  return { kind: came, pause: loadPause(w, row.seq), woken };
}

/** How a pending pause ends; null when its deadline has not come. At the deadline itself, the timeout wins. */
function endingBy(row: PauseColumns, request: EndPause): Ending | null {
  if (request.now >= row.expires_at) return timeOut(row);
  switch (request.by) {
    case "human":
      return { status: "responded", choice: request.choice, text: request.text, at: request.now };
    case "user": {
      const by = { id: request.actor.id, email: request.email };
      return { status: "responded", choice: request.choice, text: request.text, at: request.now, by };
    }
    case "developer":
      return { status: "cancelled", at: request.now };
    case "deadline":
      return null;
  }
}

function timeOut(row: PauseColumns): Ending {
  return timeOutOf({ timeoutDefault: row.timeout_default, expiresAt: row.expires_at });
}

// A notification that waits fails. One in flight is settled by the node that has claimed it. `endLetters` does the same for
// each of several messages.
const END = `
  UPDATE pauses
  SET status = ?, choice = ?, text = ?, ended_at = ?, decided_by = ?, event_id = ?, receipt = ?,
    notification = CASE WHEN notification_due_at IS NULL THEN notification ELSE 3 END,
    notification_reason = CASE WHEN notification_due_at IS NULL THEN notification_reason ELSE '${ENDED_FIRST}' END,
    notification_due_at = NULL, step_at = NULL
  WHERE seq = ? AND status = 0
  RETURNING letters`;

function end(w: Writing, row: PauseColumns, ending: Ending, request: EndPause | { by: "deadline"; now: EpochMs }) {
  const { now } = request;
  const { choice, text, user } = responseOf(ending);
  const decidedBy = user === null ? null : JSON.stringify(user);
  const eventId = w.newId();
  const receipt = receiptOf(w, row, ending, request.by === "user" ? request.via : undefined);
  const values = [
    PAUSE_STATUS.number(ending.status),
    choice,
    text,
    now,
    decidedBy,
    uuidBytes(eventId),
    receipt,
  ] as const;
  const ended = one<{ letters: string | null }>(w, END, ...values, row.seq);
  if (ended === undefined) throw new Error(`pause ${row.seq} has ended before`);
  if (ended.letters !== null) endLetters(w, row.seq);
  w.usage.addOpenPauses(row.tenant_seq, -1);
  const id = uuidText(row.id);
  audit(w, { ...endingEntry(ending, request), tenantSeq: row.tenant_seq, pauseId: id, now });
  w.totals.add("endedPauses", ending.status);
  const event = {
    ...endingEvent(ending, row.metadata),
    id: eventId,
    tenantId: uuidText(row.tenant_id),
    acceptedAt: now,
    pauseId: id,
    ...(user !== null && { decidedBy: user }),
    ...(takesVotes({ plan: planOf(row) }) && { votes: votesOf(row) }),
  };
  return publishOwn(w, row.tenant_seq, inTrace(event, row.trace), "pause");
}

function endingEntry(
  ending: Ending,
  request: EndPause | { by: "deadline" },
): Pick<AuditEntry, "type" | "actor" | "data"> {
  switch (ending.status) {
    case "responded":
      return { type: "pause.responded", actor: deciderOf(request), data: { choice: ending.choice, ...viaOf(request) } };
    case "timed_out":
      return { type: "pause.timed_out", actor: "system", data: { choice: ending.choice } };
    case "cancelled": {
      if (request.by !== "developer") throw new Error("only a developer cancels");
      return { type: "pause.cancelled", actor: request.actor, data: byActor(request.actor) };
    }
  }
}

/** The signed-in user, or the holder of the link. */
function deciderOf(request: EndPause | { by: "deadline" }): AuditEntry["actor"] {
  return request.by === "user" ? request.actor : "human";
}

/** Where the user answered, unless that was with a session. */
function viaOf(request: EndPause | { by: "deadline" }): Readonly<Record<string, string>> {
  return request.by === "user" && request.via !== undefined ? { via: request.via } : {};
}

const COUNT_REFUSAL = `
  UPDATE pauses
  SET refused_answers = refused_answers + 1
  WHERE seq = ? AND refused_answers < ?`;

/** Record that an answer came too late, unless it is a repeat of the answer that won, or of a vote that counted. */
function noteRefusal(w: Writing, row: PauseColumns, ending: Ending, request: EndPause): void {
  if (request.by !== "human" && request.by !== "user") return;
  const { choice, text } = request;
  const user = request.by === "user" ? request.actor.id : null;
  if (isSameAnswer(ending, choice, text, user)) return;
  if (user !== null && isSameVote({ votes: votesOf(row) }, { id: user, choice, text })) return;
  refuse(w, row, ending.status, request);
}

function refuse(w: Writing, row: PauseColumns, status: PauseStatus, request: EndPause): void {
  if (request.by !== "human" && request.by !== "user") return;
  if (w.prepare(COUNT_REFUSAL).run(row.seq, REFUSED_ANSWERS_COUNT_MAX).changes === 0) return;
  audit(w, {
    tenantSeq: row.tenant_seq,
    actor: deciderOf(request),
    type: "pause.answer_refused",
    pauseId: request.id,
    data: { choice: request.choice, status, ...viaOf(request) },
    now: request.now,
  });
}

// ── Those that are due ──────────────────────────────────────────────────────────────────────────────────────────────

const DUE = `
  SELECT ${PAUSE_COLUMNS}
  FROM pauses p INDEXED BY pauses_due CROSS JOIN tenants t ON t.seq = p.tenant_seq
  WHERE p.status = 0 AND p.expires_at <= ?
  ORDER BY p.expires_at, p.seq
  LIMIT ?`;
const NEXT = `
  SELECT expires_at
  FROM pauses INDEXED BY pauses_due
  WHERE status = 0
  ORDER BY expires_at
  LIMIT 1`;

export function endDuePauses(w: Writing, now: EpochMs, limit: number): DuePauses {
  const ended: { id: Uuid; tenantSeq: Seq }[] = [];
  const woken = new Map<Seq, Wake>();
  for (const row of all<PauseColumns>(w, DUE, now, limit)) {
    for (const wake of end(w, row, timeOut(row), { by: "deadline", now })) woken.set(wake.endpointSeq, wake);
    ended.push({ id: uuidText(row.id), tenantSeq: row.tenant_seq });
  }
  const stepped = takeDueSteps(w, now, limit);
  return { ended, woken: [...woken.values()], stepped, nextAt: nextDueAt(w) };
}

/** When any pause expires, is escalated, or has a reminder. */
export function nextDueAt(connection: Connection): EpochMs | null {
  const deadline = one<{ expires_at: EpochMs }>(connection, NEXT)?.expires_at ?? null;
  const step = nextStep(connection);
  return deadline === null || step === null ? deadline : Math.min(deadline, step);
}

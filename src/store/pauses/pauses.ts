/** createPause, recordOpening and recordReveal. */

import { includesRole, type Role } from "../../domain/access/access.ts";
import { storedBytes } from "../../domain/access/quota.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import { OPENINGS_COUNT_MAX } from "../../domain/limits.ts";
import {
  type AskedAct,
  channelOf,
  type KnownPlan,
  type Pause,
  type Person,
  type Question,
  type SignInRule,
} from "../../domain/pauses/pause.ts";
import { nextStepAt } from "../../domain/pauses/plan.ts";
import type { CreatePause, CreatePauseResult, IdempotencyClaim, Opening, PauseAction } from "../../ports/store.ts";
import { audit, byActor } from "../access/audit.ts";
import { findIdempotencyKey, rememberKey } from "../delivery/idempotency.ts";
import { insert, one } from "../read-connection.ts";
import { uuidBytes } from "../rows.ts";
import { CHANNEL, NOTIFICATION } from "../stored-enums.ts";
import type { Writing } from "../writing.ts";
import { checkAgent } from "./agent-limits.ts";
import { firstLetters } from "./letters.ts";
import { endingOf, readPause } from "./pause-rows.ts";
import { findPause, getPause, loadPause } from "./pause-views.ts";
import { requesterOf } from "./voters.ts";

export function createPause(w: Writing, request: CreatePause): CreatePauseResult {
  const { actor, tenantSeq, id, question, idempotency, now } = request;
  // First, since this same request may have stored the idempotency key before.
  const before = getPause(w, tenantSeq, id);
  if (before !== null) return { kind: "created", pause: before };
  if (idempotency !== null) {
    const remembered = findIdempotencyKey(w, tenantSeq, idempotency, now);
    if (remembered !== null) {
      if (remembered.fingerprint !== idempotency.fingerprint) return { kind: "conflict" };
      return { kind: "repeated", pause: loadPause(w, remembered.seq) };
    }
  }
  const checked = checkAgent(w, request);
  if (checked.kind !== "mayAsk") return checked;
  const approvers = approversOf(w, request);
  if (approvers.kind !== "known") return approvers;
  const planned = planOf(w, request, approvers);
  if (planned.kind === "tooFewApprovers") return planned;
  const bytes = pauseBytes(question);
  const excess = w.usage.excessOfPauses(tenantSeq) ?? w.usage.excessOfBytes(tenantSeq, bytes);
  if (excess !== null) return excess;
  const seq = insertPause(w, { ...request, recipient: checked.recipient }, { ...approvers, ...planned });
  w.usage.addOpenPauses(tenantSeq, 1);
  w.totals.add("createdPauses", "created");
  w.usage.addBytes(tenantSeq, bytes);
  if (idempotency !== null) rememberKey(w, tenantSeq, idempotency, seq, now);
  const data = { channel: channelOf(request), ...byActor(actor) };
  audit(w, { tenantSeq, actor, type: "pause.created", pauseId: id, data, now });
  return { kind: "created", pause: loadPause(w, seq) };
}

type Approvers =
  | { readonly kind: "known"; readonly signIn: SignInRule | null; readonly escalated: readonly Person[] }
  | Extract<CreatePauseResult, { kind: "unknownApprovers" }>;

// By primary key.
const APPROVER = "SELECT email, role FROM users WHERE id = ? AND tenant_seq = ? AND disabled_at IS NULL";

/** Who may decide, with the email addresses that the users have now. */
function approversOf(w: Writing, { signIn, plan, tenantSeq }: CreatePause): Approvers {
  const unknown: Uuid[] = [];
  const peopleOf = (ids: readonly Uuid[]) => {
    const people: Person[] = [];
    for (const id of ids) {
      const user = one<{ email: string; role: Role }>(w, APPROVER, uuidBytes(id), tenantSeq);
      if (user === undefined || !includesRole(user.role, "developer")) unknown.push(id);
      else people.push({ id, email: user.email });
    }
    return people;
  };
  const approvers = peopleOf(signIn?.approvers ?? []);
  const escalated = peopleOf(plan?.escalation?.approvers ?? []);
  if (unknown.length > 0) return { kind: "unknownApprovers", ids: unknown };
  const known = signIn === null ? null : { protected: signIn.protected, approvers };
  return { kind: "known", signIn: known, escalated };
}

type Planned =
  | { readonly kind: "planned"; readonly plan: KnownPlan | null }
  | Extract<CreatePauseResult, { kind: "tooFewApprovers" }>;

/** The plan with its people, if there are enough of them besides the user who asks. */
function planOf(w: Writing, { plan, actor }: CreatePause, people: Extract<Approvers, { kind: "known" }>): Planned {
  if (plan === null) return { kind: "planned", plan };
  const requester = requesterOf(w, actor);
  const escalation = plan.escalation === null ? null : { ...plan.escalation, approvers: people.escalated };
  const known: KnownPlan = { ...plan, escalation, requester };
  const voters = (people.signIn?.approvers ?? []).filter(({ id }) => id !== requester);
  if (plan.quorum > 1 && voters.length < plan.quorum) return { kind: "tooFewApprovers", count: voters.length };
  return { kind: "planned", plan: known };
}

export function findRepeatedPause(
  w: Writing,
  tenantSeq: Seq,
  idempotency: IdempotencyClaim,
  now: EpochMs,
): Pause | null {
  const remembered = findIdempotencyKey(w, tenantSeq, idempotency, now);
  return remembered?.fingerprint === idempotency.fingerprint ? loadPause(w, remembered.seq) : null;
}

/**
 * How much the text of a stored pause counts towards its tenant's storage quota. `pauseBytes` counts the same before
 * the insert.
 */
export const PAUSE_CONTENT_BYTES =
  "octet_length(message) + octet_length(options) + ifnull(octet_length(metadata), 0) + ifnull(octet_length(details), 0)";

function pauseBytes({ message, options, metadata, details }: Question): number {
  const content = [message, JSON.stringify(options), metadata ?? "", detailsText(details) ?? ""];
  return storedBytes(
    content.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
    1,
  );
}

function detailsText(details: Question["details"]): string | null {
  return details.length === 0 ? null : JSON.stringify(details);
}

const INSERT = `
  INSERT INTO pauses
    (id, tenant_seq, message, options, allow_text_response, timeout_default, metadata, channel, recipient_sealed,
     expires_at, created_at, notification, notification_reason, notification_due_at, sign_in,
     trace, agent_id, agent_name, act, details, plan, step_at, letters)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  RETURNING seq`;

function insertPause(
  w: Writing,
  { question, recipient, tellsApprovers, notification, actor: { agent }, ...pause }: CreatePause,
  { signIn, plan }: { readonly signIn: SignInRule | null; readonly plan: KnownPlan | null },
): Seq {
  const channel = channelOf({ recipient, tellsApprovers });
  const isToApprovers = tellsApprovers && notification.status === "pending";
  const progress = { plan, createdAt: pause.now, expiresAt: pause.expiresAt, reminded: 0, escalatedAt: null };
  return insert(
    w,
    INSERT,
    uuidBytes(pause.id),
    pause.tenantSeq,
    question.message,
    JSON.stringify(question.options),
    question.allowTextResponse ? 1 : 0,
    question.timeoutDefault,
    question.metadata,
    channel === null ? null : CHANNEL.number(channel),
    recipient === null ? null : w.vault.seal(recipient.address),
    pause.expiresAt,
    pause.now,
    NOTIFICATION.number(notification.status),
    notification.reason,
    notification.status === "pending" ? pause.now : null,
    signIn === null ? null : JSON.stringify(signIn),
    pause.trace,
    agent === undefined ? null : uuidBytes(agent.id),
    agent?.name ?? null,
    pause.act === undefined ? null : JSON.stringify({ kind: pause.act, begun: null, outcome: null } satisfies AskedAct),
    detailsText(question.details),
    plan === null ? null : JSON.stringify(plan),
    nextStepAt(progress),
    isToApprovers ? firstLetters({ signIn, plan }, pause.now) : null,
  );
}

const COUNT_OPENING = `
  UPDATE pauses
  SET openings = openings + 1
  WHERE id = ? AND openings < ?
  RETURNING tenant_seq`;

export function recordOpening(w: Writing, { pauseId, method, userAgent, now }: Opening): void {
  const counted = one<{ tenant_seq: Seq }>(w, COUNT_OPENING, uuidBytes(pauseId), OPENINGS_COUNT_MAX);
  if (counted === undefined) return;
  const data = { method, user_agent: userAgent };
  audit(w, { tenantSeq: counted.tenant_seq, actor: "human", type: "pause.opened", pauseId, data, now });
}

export function recordReveal(w: Writing, { actor, tenantSeq, id, now }: PauseAction): Pause | null {
  const row = findPause(w, id);
  if (row === null || row.tenant_seq !== tenantSeq) return null;
  if (endingOf(row) === null) {
    audit(w, { tenantSeq, actor, type: "pause.link_revealed", pauseId: id, data: byActor(actor), now });
  }
  return readPause(w, row);
}

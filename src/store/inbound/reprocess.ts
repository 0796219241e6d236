/** reprocess, noteInbound, deleteInbound: the verbs that change records. */
import type { Actor } from "../../domain/access/access.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import { INBOUND_EVENTS_SHOWN_MAX } from "../../domain/limits.ts";
import type { InboundRecord, Reprocess, ReprocessResult } from "../../ports/store.ts";
import { type AuditEntry, audit, byActor } from "../access/audit.ts";
import { wakesOfType } from "../delivery/publish.ts";
import { one } from "../read-connection.ts";
import { uuidBytes } from "../rows.ts";
import type { Writing } from "../writing.ts";
import { eraseCredentials } from "./credentials.ts";
import { findDigest, rememberDigest } from "./digests.ts";
import { digestOf, publishOf, receivedBytes } from "./receive.ts";
import { factValues, findRecord, type RecordColumns, readRecord } from "./rows.ts";

type Verified = NonNullable<Reprocess["verified"]>;

export function reprocess(w: Writing, request: Reprocess): ReprocessResult {
  const row = findRecord(w, request.tenantSeq, request.id);
  if (row === null) return { kind: "unknown" };
  const tenantSeq = request.verified?.tenantSeq ?? row.tenant_seq;
  if (tenantSeq === null) throw new Error(`inbound event ${row.seq} is nobody's, and was not verified`);
  if (wasDone(w, row, request)) {
    const woken = request.event === null ? [] : wakesOfType(w, tenantSeq, request.event.type);
    return { kind: "reprocessed", record: load(w, request.id), woken };
  }
  if (request.verified !== null) {
    const before = validBefore(w, row, request.id, request.verified);
    if (before !== null) return { kind: "repeated", id: before };
    turnValid(w, row, request, request.verified);
  } else if (row.valid === 0) throw new Error(`inbound event ${row.seq} was never verified`);
  writeReprocessed(w, row.seq, request);
  const woken = request.event === null ? [] : publishOf(w, row.seq, tenantSeq, request.event, request.now);
  auditReprocessed(w, row, tenantSeq, request);
  return { kind: "reprocessed", record: load(w, request.id), woken };
}

const LINKED = `
  SELECT 1
  FROM events v CROSS JOIN inbound_events l ON l.event_seq = v.seq
  WHERE v.id = ? AND l.inbound_seq = ?`;

/** Whether this same call was committed before. */
function wasDone(w: Writing, row: RecordColumns, { event, notes, now }: Reprocess): boolean {
  if (event !== null) return one(w, LINKED, uuidBytes(event.id), row.seq) !== undefined;
  return row.valid === 1 && row.reprocessed_at === now && !isNews(row, notes);
}

/** The valid record with the same digest. It can be this one. */
function validBefore(w: Writing, row: RecordColumns, id: Uuid, verified: Verified): Uuid | null {
  if (row.valid === 1) return id;
  const digest = digestOf(verified);
  return digest === null ? null : (findDigest(w, digest)?.id ?? null);
}

const TURN_VALID = `
  UPDATE inbound
  SET valid = 1, rejection = NULL, explanation = NULL, processed_at = ?, source_seq = ?, tenant_seq = ?,
      source_name = ?, event_type = ?, direction = ?, member_id = ?, old_status = ?, new_status = ?, changed_at = ?
  WHERE seq = ? AND valid = 0`;

function turnValid(w: Writing, row: RecordColumns, { id, event, now }: Reprocess, verified: Verified): void {
  const { sourceSeq, tenantSeq, sourceName, eventType, facts } = verified;
  w.memory.refusals.left(sourceOf(w, row.seq));
  w.usage.addBytes(tenantSeq, receivedBytes(row.body.byteLength));
  w.prepare(TURN_VALID).run(now, sourceSeq, tenantSeq, sourceName, eventType, ...factValues(facts), row.seq);
  eraseCredentials(w, row.seq);
  const digest = digestOf(verified);
  const answer = { id, direction: facts?.direction ?? null, eventId: event?.id ?? null };
  if (digest !== null) rememberDigest(w, digest, answer, now);
}

const REPROCESSED = `
  UPDATE inbound
  SET reprocessed_at = ?1, notes = CASE WHEN ?2 = 1 THEN ?3 ELSE notes END, event_type = ifnull(?4, event_type)
  WHERE seq = ?5`;

function writeReprocessed(w: Writing, seq: Seq, { notes, eventType, now }: Reprocess): void {
  w.prepare(REPROCESSED).run(now, notes === undefined ? 0 : 1, notes ?? null, eventType ?? null, seq);
}

/** The caller requested two things. Each gets the audit entry that it would get alone. */
function auditReprocessed(w: Writing, row: RecordColumns, tenantSeq: Seq, request: Reprocess): void {
  const { actor, id, event, notes, now } = request;
  const data = { eventId: event?.id ?? null, rejection: row.rejection };
  auditInbound(w, { actor, tenantSeq, id, type: "inbound.reprocessed", data, now });
  if (isNews(row, notes)) auditInbound(w, { actor, tenantSeq, id, type: "inbound.noted", data: {}, now });
}

function isNews(row: RecordColumns, notes: string | null | undefined): boolean {
  return notes !== undefined && notes !== row.notes;
}

/** The columns that these verbs need of an existing record. */
function load(w: Writing, id: Uuid): InboundRecord {
  const row = findRecord(w, null, id);
  if (row === null) throw new Error(`no inbound event ${id}`);
  return readRecord(w, row, INBOUND_EVENTS_SHOWN_MAX);
}

function sourceOf(w: Writing, seq: Seq): Seq | null {
  return one<{ source_seq: Seq | null }>(w, "SELECT source_seq FROM inbound WHERE seq = ?", seq)?.source_seq ?? null;
}

// ── Notes and deletion ──────────────────────────────────────────────────────────────────────────────────────────────

export interface NoteInbound {
  readonly actor: Actor;
  readonly tenantSeq: Seq | null;
  readonly id: Uuid;
  readonly notes: string | null;
  readonly now: EpochMs;
}

export function noteInbound(w: Writing, { actor, tenantSeq, id, notes, now }: NoteInbound): InboundRecord | null {
  const row = findRecord(w, tenantSeq, id);
  if (row === null) return null;
  if (isNews(row, notes)) {
    w.prepare("UPDATE inbound SET notes = ? WHERE seq = ?").run(notes, row.seq);
    auditInbound(w, { actor, tenantSeq: row.tenant_seq, id, type: "inbound.noted", data: {}, now });
  }
  return load(w, id);
}

interface DeletedInbound {
  readonly seq: Seq;
  readonly source_seq: Seq | null;
  readonly tenant_seq: Seq | null;
  readonly source_name: string | null;
  readonly valid: number;
  readonly bytes: number;
}

const DELETE = `
  DELETE FROM inbound
  WHERE id = :id AND (CAST(:tenant AS INTEGER) IS NULL OR tenant_seq = :tenant)
  RETURNING seq, source_seq, tenant_seq, source_name, valid, octet_length(body) AS bytes`;

/** Its digest stays, so that repeats are still detected. The links to its events stay until retention deletes them. */
export function deleteInbound(w: Writing, { actor, tenantSeq, id, now }: Omit<NoteInbound, "notes">): boolean {
  const deleted = w.prepare(DELETE).get({ id: uuidBytes(id), tenant: tenantSeq }) as DeletedInbound | undefined;
  if (deleted === undefined) return false;
  if (deleted.valid === 0) {
    w.memory.refusals.left(deleted.source_seq);
    eraseCredentials(w, deleted.seq);
  } else if (deleted.tenant_seq !== null) w.usage.addBytes(deleted.tenant_seq, -receivedBytes(deleted.bytes));
  // Nothing else still says where it came from.
  const data = { source: deleted.source_name };
  auditInbound(w, { actor, tenantSeq: deleted.tenant_seq, id, type: "inbound.deleted", data, now });
  return true;
}

// ── The audit ───────────────────────────────────────────────────────────────────────────────────────────────────────

interface InboundChange extends Pick<AuditEntry, "data" | "now"> {
  readonly actor: Actor;
  /** The record's tenant. For a record without a tenant, the entry is in the audit of the actor's tenant. */
  readonly tenantSeq: Seq | null;
  readonly id: Uuid;
  readonly type: "inbound.reprocessed" | "inbound.noted" | "inbound.deleted";
}

function auditInbound(w: Writing, { actor, tenantSeq, id, type, data, now }: InboundChange): void {
  const whole = { inboundId: id, ...data, ...byActor(actor) };
  audit(w, { actor, tenantSeq: tenantSeq ?? actor.tenantSeq, type, subject: id, data: whole, now });
}

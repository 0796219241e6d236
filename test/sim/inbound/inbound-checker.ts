/** Invariants of inbound messages: recorded once and published the right number of times, whatever happens. */
import type { Seq, Uuid } from "../../../src/domain/ids.ts";
import { REFUSED_KEPT_COUNT_MAX } from "../../../src/domain/limits.ts";
import { uuidBytes, uuidText } from "../../../src/store/rows.ts";
import type { World } from "../machine.ts";
import { targetFault } from "../targets.ts";
import { RETENTION_MS } from "../world.ts";
import { isTransition, type KnownRecord, type Message, numberIn, type SendEffect } from "./inbound-model.ts";
import { eventTypeOf } from "./inbound-senders.ts";

type Wrong = (what: string) => void;

/** After clock jumps of this length, retention starts to delete the checked records. */
const FORGOTTEN_MS = RETENTION_MS - 86_400_000;

// ── Periodic checks ─────────────────────────────────────────────────────────────────────────────────────────────────

const FULL = `
  SELECT source_seq, count(*) AS count
  FROM inbound
  WHERE valid = 0
  GROUP BY source_seq
  HAVING count > ?`;
// Valid records that should have an event but have none. The record and its event are stored in one transaction.
const UNPUBLISHED = `
  SELECT i.id
  FROM inbound i
  WHERE i.valid = 1 AND (i.kind = 1 OR i.direction < 2)
    AND NOT EXISTS (
      SELECT 1
      FROM inbound_events l JOIN events v ON v.seq = l.event_seq
      WHERE l.inbound_seq = i.seq)`;
const PUBLISHED_AND_REFUSED = `
  SELECT i.id
  FROM inbound i JOIN inbound_events l ON l.inbound_seq = i.seq
  WHERE i.valid = 0`;
// Credentials are stored only for rejected records that can be verified again.
const ASTRAY = `
  SELECT c.inbound_seq
  FROM inbound_credentials c
  WHERE NOT EXISTS (
    SELECT 1
    FROM inbound i JOIN sources s ON s.seq = i.source_seq
    WHERE i.seq = c.inbound_seq AND i.valid = 0 AND s.scheme = 'basic' AND s.deleted_at IS NULL)`;
const REMEMBERED_TWICE = `
  SELECT count(*) AS count
  FROM inbound_digests
  GROUP BY source_seq, digest
  HAVING count > 1`;

/** Checks invariants of the disk's content that hold at any time, even right after a crash. */
export function pollInbound({ disk, model, fault }: World): void {
  for (const row of disk.prepare(FULL).all(REFUSED_KEPT_COUNT_MAX)) {
    fault(`source ${row.source_seq} has ${row.count} rejected records`);
  }
  for (const row of disk.prepare(ASTRAY).all()) fault(`the credentials of inbound ${row.inbound_seq} were not deleted`);
  if (model.aheadMs > FORGOTTEN_MS) return;
  const named = (sql: string) =>
    disk
      .prepare(sql)
      .all()
      .map(({ id }) => uuidText(id as Uint8Array));
  for (const id of named(UNPUBLISHED)) fault(`inbound ${id} is valid but not published`);
  for (const id of named(PUBLISHED_AND_REFUSED)) fault(`inbound ${id} is rejected but published`);
  if (disk.prepare(REMEMBERED_TWICE).get() !== undefined) fault("the same digest is stored twice");
}

// ── At the end ──────────────────────────────────────────────────────────────────────────────────────────────────────

interface Row {
  readonly seq: Seq;
  readonly id: Uuid;
  readonly valid: boolean;
  readonly number: number | null;
  readonly body: string;
  readonly tenantSeq: Seq | null;
  readonly notes: string | null;
}

interface Published {
  readonly seq: Seq;
  readonly id: Uuid;
  readonly tenantSeq: Seq;
  readonly type: string;
  readonly payload: string;
  /** Null if the event has no link to a record. */
  readonly inboundSeq: Seq | null;
}

interface Whole {
  readonly world: World;
  readonly message: Message;
  readonly rows: readonly Row[];
  readonly events: readonly Published[];
  readonly wrong: Wrong;
}

export function checkInbound(world: World): void {
  if (world.model.aheadMs > FORGOTTEN_MS) return;
  const rows = Map.groupBy(rowsOf(world), ({ number }) => number);
  const events = Map.groupBy(publishedOf(world), ({ payload }) => numberIn(payload));
  for (const message of world.model.inbound.messages) {
    const wrong = (what: string) => world.fault(`message ${message.number}: ${what}`);
    const { number } = message;
    const whole: Whole = { world, message, rows: rows.get(number) ?? [], events: events.get(number) ?? [], wrong };
    checkRecords(whole);
    checkAnswers(whole);
    checkPublished(whole);
  }
  const audited = auditedOf(world);
  for (const record of world.model.inbound.records.values()) {
    checkKnown(world, record);
    checkAudit(world, record, audited.get(record.id) ?? []);
  }
}

const ROWS = "SELECT seq, id, valid, body, tenant_seq, notes FROM inbound";

function rowsOf({ disk }: World): Row[] {
  return disk
    .prepare(ROWS)
    .all()
    .map((row) => {
      const body = Buffer.from(row.body as Uint8Array).toString();
      const [seq, tenantSeq] = [Number(row.seq), row.tenant_seq as Seq | null];
      const id = uuidText(row.id as Uint8Array);
      return {
        seq,
        id,
        valid: row.valid === 1,
        number: numberIn(body),
        body,
        tenantSeq,
        notes: row.notes as string | null,
      };
    });
}

const EVENTS = `
  SELECT v.seq, v.id, v.tenant_seq, t.name AS type, v.payload, l.inbound_seq
  FROM events v JOIN event_types t ON t.seq = v.type_seq LEFT JOIN inbound_events l ON l.event_seq = v.seq
  ORDER BY v.seq`;

function publishedOf({ disk }: World): Published[] {
  return disk
    .prepare(EVENTS)
    .all()
    .map((row) => ({
      seq: Number(row.seq),
      id: uuidText(row.id as Uint8Array),
      tenantSeq: Number(row.tenant_seq),
      type: String(row.type),
      payload: String(row.payload),
      inboundSeq: row.inbound_seq as Seq | null,
    }));
}

const countOf = ({ attempts }: Message, ...effects: SendEffect[]): number =>
  attempts.filter(({ effect }) => effects.includes(effect)).length;

/** Each answered request has a row, except that a deduplicated message has at most one valid row. */
function checkRecords({ world, message, rows, wrong }: Whole): void {
  const valid = rows.filter((row) => row.valid);
  if (message.flaw !== "none" && valid.length > 0) wrong(`its flaw is ${message.flaw}, but it is valid`);
  if (message.isDeduplicated && valid.length > 1) wrong(`it is recorded ${valid.length} times`);
  for (const { body, tenantSeq } of rows) {
    if (!message.bodies.has(body)) wrong("its bytes differ from those sent");
    const owner = message.flaw === "none" || message.flaw === "fieldsInvalid" ? message.source.caller.tenantSeq : null;
    if (tenantSeq !== owner && tenantSeq !== null) wrong(`it belongs to tenant ${tenantSeq}`);
  }
  const [answered, open] = [countOf(message, "fresh", "stored"), countOf(message, "unknown")];
  const deletes = knownOf(world, message).flatMap((record) => record.deletes);
  const [gone, sure] = [deletes.length, deletes.filter(({ effect }) => effect === "applied").length];
  if (rows.length > answered + open - sure)
    wrong(`${rows.length} records for ${answered} answers, with ${open} unknown`);
  // A flood evicts its own records.
  const isFlood = message.attempts.length > FLOOD_MIN;
  if (!isFlood && rows.length < answered - gone)
    wrong(`${rows.length} records for ${answered} answers, with ${gone} deleted`);
}

const FLOOD_MIN = 500;

function knownOf({ model }: World, message: Message): KnownRecord[] {
  return [...model.inbound.records.values()].filter((record) => record.message === message);
}

/** All 200s for a deduplicated message name the same record, and the record exists. */
function checkAnswers({ world, message, rows, events, wrong }: Whole): void {
  const taken = message.attempts.filter(({ effect }) => effect === "fresh" || effect === "duplicate");
  const fresh = countOf(message, "fresh");
  if (!message.isDeduplicated && fresh !== taken.length) wrong("it is reported as a repeat, but is not deduplicated");
  if (message.isDeduplicated && fresh > 1) wrong(`it was accepted as new ${fresh} times`);
  if (message.isDeduplicated && new Set(taken.map(({ recordId }) => recordId)).size > 1)
    wrong("its repeats got different answers");
  for (const { recordId, eventId } of taken) {
    const isThere = rows.some(({ id, valid }) => valid && id === recordId);
    const mayBeDeleted = recordId !== null && (world.model.inbound.records.get(recordId)?.deletes.length ?? 0) > 0;
    if (!isThere && !mayBeDeleted) wrong(`it was accepted as ${recordId}, which does not exist`);
    if (eventId !== null && !events.some(({ id }) => id === eventId)) wrong(`its event ${eventId} does not exist`);
  }
}

// ── Events ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function checkPublished(whole: Whole): void {
  const { world, message, rows, events, wrong } = whole;
  const known = knownOf(world, message);
  const bySeq = Map.groupBy(events, ({ inboundSeq }) => inboundSeq);
  const seqs = new Set([...bySeq.keys(), ...rows.filter(({ valid }) => valid).map(({ seq }) => seq)]);
  if (events.length > 0 && (message.flaw !== "none" || !isTransition(message)))
    wrong("it is published but should not be");
  if (message.isDeduplicated && bySeq.size > 1) wrong(`its events belong to ${bySeq.size} records`);
  for (const seq of seqs) {
    const count = bySeq.get(seq)?.length ?? 0;
    const record = known.find((each) => each.seq === seq);
    if (seq === null) wrong(`${count} events have no record`);
    else if (isTransition(message)) checkTimes(message, record, count, wrong);
  }
  for (const event of events) checkEvent(whole, event);
  for (const { eventId } of known.flatMap(({ reprocesses }) => reprocesses)) {
    if (eventId !== null && !events.some(({ id }) => id === eventId))
      wrong(`event ${eventId} of its reprocessing is missing`);
  }
}

/** A record is published once, and once more each time it was reprocessed when already valid. */
function checkTimes({ source }: Message, record: KnownRecord | undefined, count: number, wrong: Wrong): void {
  const done = (record?.reprocesses ?? []).filter(({ effect }) => effect === "applied");
  const again = done.filter(({ wasValid }) => wasValid).length;
  const turned = done.length - again;
  const open = (record?.reprocesses ?? []).filter(({ effect }) => effect === "unknown").length;
  // The first request that found it rejected made it valid, unless another request had just done so.
  const late = source.bulkReprocesses > 0 ? turned : Math.max(0, turned - 1);
  const [least, most] = [1 + again, 1 + again + late + open];
  if (count < least || count > most) wrong(`it is published ${count} times instead of ${least} to ${most} times`);
}

function checkEvent({ world, message, rows, wrong }: Whole, event: Published): void {
  const type = eventTypeOf(message);
  if (event.type !== type) wrong(`its event has type ${event.type} instead of ${type}`);
  if (event.tenantSeq !== message.source.caller.tenantSeq) wrong("its event belongs to another tenant");
  const record = rows.find(({ seq }) => seq === event.inboundSeq);
  if (record !== undefined && !isPayload(message, record, event.payload))
    wrong(`its event has the payload ${event.payload}`);
  const fault = targetFault(world, event);
  if (fault !== null) wrong(fault);
}

function isPayload(message: Message, { id, body }: Row, payload: string): boolean {
  if (message.route === "any") return payload === body;
  const { oldStatus, newStatus, number, source } = message;
  const direction = oldStatus === "active" ? "PAUSE_ACTIVATED" : "PAUSE_DEACTIVATED";
  const expected = {
    webhook_event_id: `wh_${id}`,
    source: source.settings.name,
    member_id: `m${number}`,
    peer_mentor_id: `m${number}`,
    old_status: oldStatus,
    new_status: newStatus,
    transition_direction: direction,
    changed_at: "2026-03-19T14:29:50Z",
  };
  return payload === JSON.stringify(expected);
}

function checkKnown({ disk, fault }: World, { id, deletes, notes }: KnownRecord): void {
  const row = disk.prepare("SELECT notes FROM inbound WHERE id = ?").get(uuidBytes(id));
  if (row !== undefined && deletes.some(({ effect }) => effect === "applied"))
    fault(`inbound ${id}: deleted but still stored`);
  if (row !== undefined && !notes.possible.includes(row.notes as string | null)) {
    fault(`inbound ${id}: its notes are ${row.notes}, should be ${notes.possible.join(" or ")}`);
  }
}

// ── Audit ───────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Audited {
  readonly type: string;
  readonly inboundId: string;
  /** The event that a reprocessing published. */
  readonly eventId: string | null;
}

const AUDITED = `
  SELECT event_type AS type, data ->> 'inboundId' AS inboundId, data ->> 'eventId' AS eventId
  FROM audit
  WHERE event_type GLOB 'inbound.*'`;

function auditedOf({ disk }: World): Map<string, readonly Audited[]> {
  const rows = disk.prepare(AUDITED).all() as unknown as readonly Audited[];
  return Map.groupBy(rows, ({ inboundId }) => inboundId);
}

/** Every deletion and reprocessing is in the audit exactly once. */
function checkAudit({ fault }: World, { id, deletes, reprocesses }: KnownRecord, rows: readonly Audited[]): void {
  const expect = (what: string, count: number, least: number) => {
    if (count < least || count > 1) fault(`inbound ${id}: ${what} is in the audit ${count} times`);
  };
  const deleted = rows.filter(({ type }) => type === "inbound.deleted").length;
  expect("its deletion", deleted, deletes.some(({ effect }) => effect === "applied") ? 1 : 0);
  const confirmed = reprocesses.flatMap(({ eventId }) => eventId ?? []);
  const stored = rows.flatMap(({ eventId }) => eventId ?? []);
  for (const eventId of new Set([...confirmed, ...stored])) {
    const count = stored.filter((each) => each === eventId).length;
    expect(`event ${eventId} of its reprocessing`, count, 1);
  }
}

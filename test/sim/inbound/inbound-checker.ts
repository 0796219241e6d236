/** What must be true of what came: recorded once, published as often as it should be, whatever happened in between. */
import type { Seq, Uuid } from "../../../src/domain/ids.ts";
import { REFUSED_KEPT_COUNT_MAX } from "../../../src/domain/limits.ts";
import { uuidBytes, uuidText } from "../../../src/store/rows.ts";
import type { World } from "../machine.ts";
import { targetFault } from "../targets.ts";
import { RETENTION_MS } from "../world.ts";
import { isTransition, type KnownRecord, numberIn, type Told, type UtteranceFate } from "./inbound-model.ts";
import { eventTypeOf } from "./inbound-senders.ts";

type Wrong = (what: string) => void;

/** Once the wall clock was set ahead by so much, retention has begun to take away what all this is about. */
const FORGOTTEN_MS = RETENTION_MS - 86_400_000;

// ── Now and then ────────────────────────────────────────────────────────────────────────────────────────────────────

const FULL = `
  SELECT source_seq, count(*) AS count
  FROM inbound
  WHERE valid = 0
  GROUP BY source_seq
  HAVING count > ?`;
// What was taken and has no event, though something follows from it: receipt and event are one transaction.
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
// Kept for what is refused and may be verified again, and for nothing else.
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

/** What is true of what is on the disk at any time, also right after a crash. */
export function pollInbound({ disk, model, fault }: World): void {
  for (const row of disk.prepare(FULL).all(REFUSED_KEPT_COUNT_MAX)) {
    fault(`${row.count} refused ones are kept of source ${row.source_seq}`);
  }
  for (const row of disk.prepare(ASTRAY).all()) fault(`credentials of inbound ${row.inbound_seq} are left`);
  if (model.aheadMs > FORGOTTEN_MS) return;
  const named = (sql: string) =>
    disk
      .prepare(sql)
      .all()
      .map(({ id }) => uuidText(id as Uint8Array));
  for (const id of named(UNPUBLISHED)) fault(`inbound ${id} is taken, and not published`);
  for (const id of named(PUBLISHED_AND_REFUSED)) fault(`inbound ${id} is refused, and published`);
  if (disk.prepare(REMEMBERED_TWICE).get() !== undefined) fault("the same is remembered twice");
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
  /** Null: nothing leads from it to a record. */
  readonly inboundSeq: Seq | null;
}

interface Whole {
  readonly world: World;
  readonly told: Told;
  readonly rows: readonly Row[];
  readonly events: readonly Published[];
  readonly wrong: Wrong;
}

export function checkInbound(world: World): void {
  if (world.model.aheadMs > FORGOTTEN_MS) return;
  const rows = Map.groupBy(rowsOf(world), ({ number }) => number);
  const events = Map.groupBy(publishedOf(world), ({ payload }) => numberIn(payload));
  for (const told of world.model.inbound.told) {
    const wrong = (what: string) => world.fault(`tell ${told.number}: ${what}`);
    const { number } = told;
    const whole: Whole = { world, told, rows: rows.get(number) ?? [], events: events.get(number) ?? [], wrong };
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

const countOf = ({ utterances }: Told, ...fates: UtteranceFate[]): number =>
  utterances.filter(({ fate }) => fates.includes(fate)).length;

/** One row for each request that was answered, but what tells its repeats has one that is valid. */
function checkRecords({ world, told, rows, wrong }: Whole): void {
  const valid = rows.filter((row) => row.valid);
  if (told.flaw !== "none" && valid.length > 0) wrong(`it is ${told.flaw}, and valid`);
  if (told.isTellable && valid.length > 1) wrong(`it is recorded ${valid.length} times`);
  for (const { body, tenantSeq } of rows) {
    if (!told.bodies.has(body)) wrong("its bytes are others than were sent");
    const owner = told.flaw === "none" || told.flaw === "fieldsInvalid" ? told.source.caller.tenantSeq : null;
    if (tenantSeq !== owner && tenantSeq !== null) wrong(`it is tenant ${tenantSeq}'s`);
  }
  const [answered, open] = [countOf(told, "fresh", "kept"), countOf(told, "unknown")];
  const deletes = knownOf(world, told).flatMap((record) => record.deletes);
  const [gone, sure] = [deletes.length, deletes.filter(({ fate }) => fate === "done").length];
  if (rows.length > answered + open - sure) wrong(`${rows.length} records of ${answered} answers, ${open} unknown`);
  // A flood pushes out its own.
  const isFlood = told.utterances.length > FLOOD_MIN;
  if (!isFlood && rows.length < answered - gone)
    wrong(`${rows.length} records of ${answered} answers, ${gone} deleted`);
}

const FLOOD_MIN = 500;

function knownOf({ model }: World, told: Told): KnownRecord[] {
  return [...model.inbound.records.values()].filter((record) => record.told === told);
}

/** Everybody who was told that it was taken was told of the same record, and that is there. */
function checkAnswers({ world, told, rows, events, wrong }: Whole): void {
  const taken = told.utterances.filter(({ fate }) => fate === "fresh" || fate === "duplicate");
  const fresh = countOf(told, "fresh");
  if (!told.isTellable && fresh !== taken.length) wrong("it is told to be a repeat, and nothing tells its repeats");
  if (told.isTellable && fresh > 1) wrong(`it was taken as new ${fresh} times`);
  if (told.isTellable && new Set(taken.map(({ recordId }) => recordId)).size > 1)
    wrong("its repeats got other answers");
  for (const { recordId, eventId } of taken) {
    const isThere = rows.some(({ id, valid }) => valid && id === recordId);
    const mayBeDeleted = recordId !== null && (world.model.inbound.records.get(recordId)?.deletes.length ?? 0) > 0;
    if (!isThere && !mayBeDeleted) wrong(`it was taken as ${recordId}, which is not there`);
    if (eventId !== null && !events.some(({ id }) => id === eventId)) wrong(`its event ${eventId} is not there`);
  }
}

// ── What was published ──────────────────────────────────────────────────────────────────────────────────────────────

function checkPublished(whole: Whole): void {
  const { world, told, rows, events, wrong } = whole;
  const known = knownOf(world, told);
  const bySeq = Map.groupBy(events, ({ inboundSeq }) => inboundSeq);
  const seqs = new Set([...bySeq.keys(), ...rows.filter(({ valid }) => valid).map(({ seq }) => seq)]);
  if (events.length > 0 && (told.flaw !== "none" || !isTransition(told))) wrong("it is published, and should not be");
  if (told.isTellable && bySeq.size > 1) wrong(`its events are of ${bySeq.size} records`);
  for (const seq of seqs) {
    const count = bySeq.get(seq)?.length ?? 0;
    const record = known.find((each) => each.seq === seq);
    if (seq === null) wrong(`${count} events lead to no record`);
    else if (isTransition(told)) checkTimes(told, record, count, wrong);
  }
  for (const event of events) checkEvent(whole, event);
  for (const { eventId } of known.flatMap(({ reprocesses }) => reprocesses)) {
    if (eventId !== null && !events.some(({ id }) => id === eventId))
      wrong(`event ${eventId} of its reprocessing is gone`);
  }
}

/** Once for itself, and once for each time that it was processed again when it was valid already. */
function checkTimes({ source }: Told, record: KnownRecord | undefined, count: number, wrong: Wrong): void {
  const done = (record?.reprocesses ?? []).filter(({ fate }) => fate === "done");
  const again = done.filter(({ wasValid }) => wasValid).length;
  const turned = done.length - again;
  const open = (record?.reprocesses ?? []).filter(({ fate }) => fate === "unknown").length;
  // The first of those who found it refused made it valid, unless somebody else had done so a moment before.
  const late = source.bulks > 0 ? turned : Math.max(0, turned - 1);
  const [least, most] = [1 + again, 1 + again + late + open];
  if (count < least || count > most) wrong(`it is published ${count} times, should be ${least} to ${most} times`);
}

function checkEvent({ world, told, rows, wrong }: Whole, event: Published): void {
  const type = eventTypeOf(told);
  if (event.type !== type) wrong(`its event is a ${event.type}, should be a ${type}`);
  if (event.tenantSeq !== told.source.caller.tenantSeq) wrong("its event is another tenant's");
  const record = rows.find(({ seq }) => seq === event.inboundSeq);
  if (record !== undefined && !isPayload(told, record, event.payload)) wrong(`its event says ${event.payload}`);
  const fault = targetFault(world, event);
  if (fault !== null) wrong(fault);
}

function isPayload(told: Told, { id, body }: Row, payload: string): boolean {
  if (told.route === "any") return payload === body;
  const { oldStatus, newStatus, number, source } = told;
  const direction = oldStatus === "active" ? "PAUSE_ACTIVATED" : "PAUSE_DEACTIVATED";
  const said = {
    webhook_event_id: `wh_${id}`,
    source: source.settings.name,
    member_id: `m${number}`,
    peer_mentor_id: `m${number}`,
    old_status: oldStatus,
    new_status: newStatus,
    transition_direction: direction,
    changed_at: "2026-03-19T14:29:50Z",
  };
  return payload === JSON.stringify(said);
}

function checkKnown({ disk, fault }: World, { id, deletes, notes }: KnownRecord): void {
  const row = disk.prepare("SELECT notes FROM inbound WHERE id = ?").get(uuidBytes(id));
  if (row !== undefined && deletes.some(({ fate }) => fate === "done")) fault(`inbound ${id}: deleted, and there`);
  if (row !== undefined && !notes.possible.includes(row.notes as string | null)) {
    fault(`inbound ${id}: its notes are ${row.notes}, should be ${notes.possible.join(" or ")}`);
  }
}

// ── The audit ───────────────────────────────────────────────────────────────────────────────────────────────────────

interface Audited {
  readonly type: string;
  readonly inboundId: string;
  /** What a reprocessing published. */
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

/** Whatever was done stands in it, once. */
function checkAudit({ fault }: World, { id, deletes, reprocesses }: KnownRecord, rows: readonly Audited[]): void {
  const expect = (what: string, count: number, least: number) => {
    if (count < least || count > 1) fault(`inbound ${id}: ${what} stands in the audit ${count} times`);
  };
  const deleted = rows.filter(({ type }) => type === "inbound.deleted").length;
  expect("its deletion", deleted, deletes.some(({ fate }) => fate === "done") ? 1 : 0);
  const told = reprocesses.flatMap(({ eventId }) => eventId ?? []);
  const written = rows.flatMap(({ eventId }) => eventId ?? []);
  for (const eventId of new Set([...told, ...written])) {
    const count = written.filter((each) => each === eventId).length;
    expect(`event ${eventId} of its reprocessing`, count, 1);
  }
}

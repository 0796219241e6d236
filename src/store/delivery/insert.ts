/** Inserts events and deliveries, for every verb that publishes. */

import { storedBytes } from "../../domain/access/quota.ts";
import type { Event } from "../../domain/delivery/event.ts";
import type { Format } from "../../domain/endpoints/endpoint.ts";
import type { EpochMs, LeaseToken, Seq, Uuid } from "../../domain/ids.ts";
import { CLOCK_OFFSET_MS_MAX } from "../../domain/limits.ts";
import type { TotalName } from "../../domain/upkeep/totals.ts";
import { insert } from "../read-connection.ts";
import { uuidBytes } from "../rows.ts";
import { FORMAT, STATE } from "../stored-enums.ts";
import type { Writing } from "../writing.ts";
import { noteWaiting } from "./lane-rows.ts";

export interface NewEvent {
  readonly tenantSeq: Seq;
  readonly event: Event;
  /** How many deliveries are inserted right after the event, consecutively. */
  readonly deliveryCount: number;
  readonly named: boolean;
  readonly namedDisabled: readonly Seq[];
  readonly keyed: boolean;
  /** What published it. */
  readonly origin: TotalName<"events">;
}

export interface NewDelivery {
  readonly id: Uuid;
  readonly tenantSeq: Seq;
  readonly endpointSeq: Seq;
  readonly eventSeq: Seq;
  readonly typeSeq: Seq;
  readonly format: Format;
  readonly ordered: boolean;
  readonly createdAt: EpochMs;
  readonly dueAt: EpochMs;
  /** Null: the delivery waits in the store and is due at once. */
  readonly lease: LeaseToken | null;
  /** What created it. `replay` also stands for a recovery: the delivery is created after its event. */
  readonly origin: TotalName<"deliveries">;
}

const EVENT_COLUMNS =
  "seq, id, tenant_seq, type_seq, payload, accepted_at, pause_id, first_delivery_seq, delivery_count, named, named_disabled, keyed, hops";
const INSERT_EVENT = `
  INSERT INTO events
    (${EVENT_COLUMNS})
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
/** A statement of its own, so that events without a trace cost no more because of it. */
const INSERT_TRACED_EVENT = `
  INSERT INTO events
    (${EVENT_COLUMNS}, trace)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const INSERT_DELIVERY = `
  INSERT INTO deliveries
    (seq, id, event_seq, endpoint_seq, tenant_seq, type_seq, state, format, ordered, created_at, due_at, lease,
     claims, attempts, attempts_before_run, claims_before_run, cancel_requested, later)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, ?)`;

export function insertEvent(w: Writing, row: NewEvent): { readonly eventSeq: Seq; readonly typeSeq: Seq } {
  const { event } = row;
  const eventSeq = w.sequences.event++;
  const typeSeq = eventTypeSeq(w, row.tenantSeq, event.type);
  const values = [
    eventSeq,
    uuidBytes(event.id),
    row.tenantSeq,
    typeSeq,
    event.payload,
    event.acceptedAt,
    event.pauseId === null ? null : uuidBytes(event.pauseId),
    w.sequences.delivery,
    row.deliveryCount,
    row.named ? 1 : 0,
    row.namedDisabled.length === 0 ? null : JSON.stringify(row.namedDisabled),
    row.keyed ? 1 : 0,
    event.hops ?? null,
  ];
  if (event.trace === undefined) w.prepare(INSERT_EVENT).run(...values);
  else w.prepare(INSERT_TRACED_EVENT).run(...values, event.trace);
  w.usage.addBytes(row.tenantSeq, eventBytes(event, row.deliveryCount));
  w.totals.add("events", row.origin);
  return { eventSeq, typeSeq };
}

/** How much the event counts towards its tenant's storage quota, for as long as it is kept. */
export function eventBytes({ payload }: Event, deliveryCount: number): number {
  return storedBytes(Buffer.byteLength(payload), 1 + deliveryCount);
}

/**
 * The creation time of what is inserted now. It never goes back, although requests take their time before they wait for
 * a commit, and a later commit can have an earlier one. Otherwise a page with `as_of` could gain rows.
 *
 * A shared database's clock was wrong if what is stored is further ahead of it. Only then the time goes back.
 */
export function creationTime(w: Writing, now: EpochMs): EpochMs {
  const { sequences } = w;
  const most = w.isShared ? Math.max(now, w.clockMs() ?? now) + CLOCK_OFFSET_MS_MAX : Number.POSITIVE_INFINITY;
  sequences.createdAt = sequences.createdAt > most ? now : Math.max(sequences.createdAt, now);
  return sequences.createdAt;
}

/**
 * On a shared database, no two groups have a creation time in common, so an `as_of` means the same rows to every node. A
 * test's delivery is an exception: it has the time when the test began.
 */
export function laterCreation({ isShared, sequences }: Writing): void {
  if (isShared) sequences.createdAt += 1;
}

/**
 * In an ordered lane, `due_at` is the place of a delivery. It never goes back, although another node's clock may be some
 * milliseconds ahead of this one's. A clock that differs by more is wrong, and the lane does not wait for it.
 */
function placeOf({ ordered, createdAt, dueAt }: NewDelivery): EpochMs {
  return ordered && createdAt - dueAt <= CLOCK_OFFSET_MS_MAX ? createdAt : dueAt;
}

/** Insert a delivery, leased or waiting, and count it. If it waits, the caller wakes the lane. */
export function insertDelivery(w: Writing, row: NewDelivery): Seq {
  const seq = w.sequences.delivery++;
  const dueAt = placeOf(row);
  w.prepare(INSERT_DELIVERY).run(
    seq,
    uuidBytes(row.id),
    row.eventSeq,
    row.endpointSeq,
    row.tenantSeq,
    row.typeSeq,
    row.lease === null ? STATE.waitingNew : STATE.leased,
    FORMAT.number(row.format),
    row.ordered ? 1 : 0,
    row.createdAt,
    dueAt,
    row.lease,
    row.lease === null ? 0 : 1,
    row.origin === "replay" ? 1 : 0,
  );
  if (row.lease === null) noteWaiting(w.lanes.get(row.endpointSeq), dueAt);
  w.counters.created({ tenantSeq: row.tenantSeq, endpointSeq: row.endpointSeq, at: row.dueAt }, row.origin);
  return seq;
}

const FIND_TYPE = "SELECT seq FROM event_types WHERE tenant_seq = ? AND name = ?";
const INSERT_TYPE = "INSERT INTO event_types (tenant_seq, name) VALUES (?, ?) RETURNING seq";

function eventTypeSeq(w: Writing, tenantSeq: Seq, name: string): Seq {
  const key = `${tenantSeq} ${name}`;
  const known = w.memory.typeSeqs.get(key);
  if (known !== undefined) return known;
  const found = w.prepare(FIND_TYPE).get(tenantSeq, name);
  const seq = found === undefined ? insert(w, INSERT_TYPE, tenantSeq, name) : Number(found.seq);
  w.memory.typeSeqs.set(key, seq);
  return seq;
}

const FIND_URL = "SELECT seq FROM urls WHERE endpoint_seq = ? AND url = ?";
const INSERT_URL = "INSERT INTO urls (endpoint_seq, url) VALUES (?, ?) RETURNING seq";

/** The number that stands for a URL in attempts. */
export function urlSeq(w: Writing, endpointSeq: Seq, url: string): Seq {
  const key = `${endpointSeq} ${url}`;
  const known = w.memory.urlSeqs.get(key);
  if (known !== undefined) return known;
  const found = w.prepare(FIND_URL).get(endpointSeq, url);
  const seq = found === undefined ? insert(w, INSERT_URL, endpointSeq, url) : Number(found.seq);
  w.memory.urlSeqs.set(key, seq);
  return seq;
}

/** The body of a pause-status request (docs/inbound.md, "Pause status"): its fields, and the facts that they state. */

import type { Event } from "../../domain/delivery/event.ts";
import { cameThrough } from "../../domain/delivery/loops.ts";
import { inTrace, type TraceContext } from "../../domain/delivery/trace-context.ts";
import type { EpochMs, Uuid } from "../../domain/ids.ts";
import { ID_PREFIX } from "../../domain/ids.ts";
import { type PauseStatusFacts, transitionDirection, transitionEventType } from "../../domain/inbound/pause-status.ts";
import type { Source } from "../../domain/inbound/source.ts";
import { INBOUND_FIELD_CHARS_MAX } from "../../domain/limits.ts";
import { firstCharacters, hasCharacters } from "../../domain/text/text.ts";
import { parseTime } from "../../domain/text/time.ts";
import { readObject } from "./json/jcs.ts";

export type Body =
  | { readonly kind: "ok"; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly kind: "unreadable"; readonly message: string };

export function readBody(bytes: Uint8Array): Body {
  const read = readObject(bytes);
  return read.kind === "unreadable" ? { kind: "unreadable", message: read.why } : { kind: "ok", fields: read.fields };
}

export interface FieldFault {
  readonly field: string;
  readonly rule: string;
}

export type Stated =
  | { readonly kind: "ok"; readonly eventType: string; readonly facts: PauseStatusFacts }
  | { readonly kind: "invalid"; readonly faults: readonly FieldFault[] };

const TEXT_FIELDS = ["event_type", "member_id", "old_status", "new_status"] as const;

export function readFacts(fields: Readonly<Record<string, unknown>>): Stated {
  const faults: FieldFault[] = [];
  for (const field of TEXT_FIELDS) {
    const rule = textFault(fields[field]);
    if (rule !== null) faults.push({ field, rule });
  }
  const changedAt = fields.changed_at;
  if (typeof changedAt !== "string" || parseTime(changedAt) === null) {
    const rule = changedAt === undefined ? "is required" : "must be an RFC 3339 date and time";
    faults.push({ field: "changed_at", rule });
  }
  if (faults.length > 0) return { kind: "invalid", faults };
  const text = (field: (typeof TEXT_FIELDS)[number]) => fields[field] as string;
  const [oldStatus, newStatus] = [text("old_status"), text("new_status")];
  return {
    kind: "ok",
    eventType: text("event_type"),
    facts: {
      memberId: text("member_id"),
      oldStatus,
      newStatus,
      changedAt: changedAt as string,
      direction: transitionDirection(oldStatus, newStatus),
    },
  };
}

function textFault(value: unknown): string | null {
  if (value === undefined) return "is required";
  if (typeof value !== "string" || !hasCharacters(value, INBOUND_FIELD_CHARS_MAX)) {
    return `must be a string of 1 to ${INBOUND_FIELD_CHARS_MAX} characters`;
  }
  // UTF-8 cannot encode one. The store would keep U+FFFD instead, and the event would differ from the record.
  if (!value.isWellFormed()) return "must not have half of a surrogate pair";
  return value.includes("\0") ? "must not have a NUL character" : null; // PostgreSQL does not store one
}

export function faultsText(faults: readonly FieldFault[]): string {
  return faults.map(({ field, rule }) => `${field} ${rule}`).join("; ");
}

/** A text field of a request that may be refused: as much of it as a record can show. */
export function shownText(value: unknown): string | null {
  if (typeof value !== "string" || value === "") return null;
  return firstCharacters(value, INBOUND_FIELD_CHARS_MAX).toWellFormed().replaceAll("\0", "\ufffd");
}

export interface TransitionNotice {
  readonly id: Uuid;
  readonly recordId: Uuid;
  readonly source: Pick<Source, "name" | "tenantId">;
  readonly facts: PauseStatusFacts;
  /** How many Signalbox servers the request came through. */
  readonly hops: number;
  readonly trace: TraceContext | null;
  readonly now: EpochMs;
}

/** The event that a transition publishes; null when it publishes none. */
export function notificationOf({ id, recordId, source, facts, hops, trace, now }: TransitionNotice): Event | null {
  const type = transitionEventType(facts.direction);
  if (type === null) return null;
  const payload = JSON.stringify({
    webhook_event_id: ID_PREFIX.inbound + recordId,
    source: source.name,
    member_id: facts.memberId,
    peer_mentor_id: facts.memberId,
    old_status: facts.oldStatus,
    new_status: facts.newStatus,
    transition_direction: facts.direction,
    changed_at: facts.changedAt,
  });
  const event = { id, tenantId: source.tenantId, type, payload, acceptedAt: now, pauseId: null };
  return inTrace(cameThrough(event, hops), trace);
}

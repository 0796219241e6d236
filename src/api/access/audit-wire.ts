/** `/v1/audit` on the wire. */
import Type, { type Static } from "typebox";
import { AUDIT_ACTORS, AUDIT_TYPES } from "../../domain/access/audit.ts";
import { ID_PREFIX, parseAnyId, parseId, WEBHOOK_PREFIX } from "../../domain/ids.ts";
import { AUDIT_OFFSET_ROWS_MAX, LIST_PAGE_DEFAULT, LIST_PAGE_MAX } from "../../domain/limits.ts";
import { wholeSeconds } from "../../domain/text/time.ts";
import type { AuditInput } from "../../engine/access/audit-log.ts";
import type { AuditPage, AuditRow } from "../../ports/store.ts";
import { endOf, startOf } from "../lists/period.ts";
import { queryChecker } from "../schema/query.ts";
import { Nullable, Time } from "../schema/schemas.ts";
import { UserRef, userRefJson } from "./user-ref.ts";

export const AuditQuery = Type.Object(
  {
    pause_id: Type.Optional(Type.String({ format: "pause-id" })),
    event_type: Type.Optional(Type.Enum([...AUDIT_TYPES])),
    subject_id: Type.Optional(
      Type.String({
        format: "any-id",
        description: "What the action was about: the id of an endpoint, a delivery, a user, …",
      }),
    ),
    actor: Type.Optional(Type.String({ format: "actor-id", description: "Who acted: `usr_…` or `key_…`." })),
    from_date: Type.Optional(
      Type.String({ format: "day-or-time", description: "At or after this time, or from the start of this day." }),
    ),
    to_date: Type.Optional(
      Type.String({ format: "day-or-time", description: "Before this time, or up to the end of this day." }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIST_PAGE_MAX, default: LIST_PAGE_DEFAULT })),
    offset: Type.Optional(Type.Integer({ minimum: 0, maximum: AUDIT_OFFSET_ROWS_MAX, default: 0 })),
  },
  { additionalProperties: false },
);
export const checkAuditQuery = queryChecker(AuditQuery);

const AuditEvent = Type.Object(
  {
    id: Type.String(),
    event_type: Type.Enum([...AUDIT_TYPES]),
    actor: Type.Enum([...AUDIT_ACTORS]),
    actor_id: Nullable(Type.String({ description: "The key or the user that acted: `key_…` or `usr_…`." })),
    actor_user: Nullable(UserRef),
    pause_id: Nullable(Type.String()),
    subject_id: Nullable(Type.String({ description: "What the action was about." })),
    data: Type.Object({}, { additionalProperties: true }),
    created_at: Time,
  },
  { title: "AuditEvent" },
);
export const AuditResponse = Type.Object(
  {
    events: Type.Array(AuditEvent),
    total: Type.Integer(),
    limit: Type.Integer(),
    offset: Type.Integer(),
  },
  { title: "AuditPage" },
);

export function auditInput(query: Static<typeof AuditQuery>): AuditInput {
  const { subject_id: subject, actor } = query;
  const subjectPause = subject === undefined ? null : parseId(ID_PREFIX.pause, subject);
  return {
    pauseId: query.pause_id === undefined ? subjectPause : parseId(ID_PREFIX.pause, query.pause_id),
    type: query.event_type ?? null,
    subjectId: subject === undefined || subjectPause !== null ? null : parseAnyId(subject),
    actorId: actor === undefined ? null : parseAnyId(actor),
    from: query.from_date === undefined ? null : startOf(query.from_date),
    to: query.to_date === undefined ? null : endOf(query.to_date),
    offset: query.offset ?? 0,
    limit: query.limit ?? LIST_PAGE_DEFAULT,
  };
}

export function auditJson({ rows, total }: AuditPage, { limit, offset }: AuditInput): Static<typeof AuditResponse> {
  return { events: rows.map(eventJson), total, limit, offset };
}

function eventJson(row: AuditRow): Static<typeof AuditEvent> {
  return {
    id: ID_PREFIX.audit + row.id,
    event_type: row.type,
    actor: row.actor,
    actor_id: row.by === null ? null : ID_PREFIX[row.by.kind] + row.by.id,
    actor_user: row.by === null || row.email === null ? null : userRefJson({ id: row.by.id, email: row.email }),
    pause_id: row.pauseId === null ? null : ID_PREFIX.pause + row.pauseId,
    subject_id: subjectId(row),
    data: Object.fromEntries(Object.entries(row.data).map(fieldJson)),
    created_at: wholeSeconds(row.createdAt),
  };
}

/** The prefix of the ids that each family of actions is about. */
const SUBJECT_PREFIXES: ReadonlyMap<string, string> = new Map([
  ["key", ID_PREFIX.key],
  ["tenant", ID_PREFIX.tenant],
  ["user", ID_PREFIX.user],
  ["session", ID_PREFIX.user],
  ["webhook", WEBHOOK_PREFIX],
  ["delivery", ID_PREFIX.delivery],
  ["event", ID_PREFIX.event],
  ["job", ID_PREFIX.job],
  ["source", ID_PREFIX.source],
  ["inbound", ID_PREFIX.inbound],
]);

function subjectId({ type, pauseId, subjectId: id }: AuditRow): string | null {
  if (pauseId !== null) return ID_PREFIX.pause + pauseId;
  return id === null ? null : (SUBJECT_PREFIXES.get(type.slice(0, type.indexOf("."))) ?? "") + id;
}

/** The store has ids without prefixes. Each surface has its own names and prefixes for them. */
const FIELD_NAMES: ReadonlyMap<string, readonly [name: string, prefix: string]> = new Map([
  ["keyId", ["key_id", ID_PREFIX.key]],
  ["userId", ["user_id", ID_PREFIX.user]],
  ["endpointId", ["webhook_id", WEBHOOK_PREFIX]],
  ["sourceId", ["source_id", ID_PREFIX.source]],
  ["inboundId", ["inbound_event_id", ID_PREFIX.inbound]],
  ["eventId", ["event_id", ID_PREFIX.event]],
  ["jobId", ["job_id", ID_PREFIX.job]],
  ["rejection", ["rejection_reason", ""]],
]);

function fieldJson([field, value]: [string, string | null]): [string, string | null] {
  const [name, prefix] = FIELD_NAMES.get(field) ?? [field, ""];
  return [name, value === null ? null : prefix + value];
}

/** `/api/v1/webhooks/pause-status` on the wire: the records of received requests. */
import { isUtf8 } from "node:buffer";
import Type, { type Static } from "typebox";
import type { Fault } from "../../domain/errors.ts";
import { type EpochMs, ID_PREFIX, type Uuid } from "../../domain/ids.ts";
import { TRANSITION_DIRECTIONS } from "../../domain/inbound/pause-status.ts";
import { INBOUND_FIELD_CHARS_MAX, JSON_DEPTH_MAX, SOURCE_NAME_CHARS_MAX } from "../../domain/limits.ts";
import { scanObject } from "../../domain/text/json.ts";
import { milliseconds, millisecondsOrNull } from "../../domain/text/time.ts";
import type { InboundPage, InboundRecord, InboundRow } from "../../ports/store.ts";
import { type Checked, checker } from "../schema/check.ts";
import { Nullable, Time } from "../schema/schemas.ts";
import {
  type InboundQuery,
  inboundQueryParser,
  Notes,
  type Page,
  PageFields,
  PaginationResponse,
  RawBodyResponse,
  ReceivedFields,
  RejectionName,
  rawBodyJson,
} from "./inbound-wire.ts";

// ── Requests ────────────────────────────────────────────────────────────────────────────────────────────────────────

export const RecordsQuery = Type.Object(
  {
    ...PageFields,
    source: Type.Optional(Type.String({ minLength: 1, maxLength: SOURCE_NAME_CHARS_MAX })),
    event_type: Type.Optional(Type.String({ minLength: 1, maxLength: INBOUND_FIELD_CHARS_MAX })),
    transition_direction: Type.Optional(Type.Enum([...TRANSITION_DIRECTIONS])),
    payload_valid: Type.Optional(Type.Boolean()),
    ...ReceivedFields,
  },
  { additionalProperties: false },
);
const parseQuery = inboundQueryParser(RecordsQuery);

export function parseRecordsQuery(query: unknown): Checked<InboundQuery> {
  return parseQuery(query, ({ source, event_type, transition_direction, payload_valid }) => ({
    kind: "pauseStatus",
    sourceId: null,
    sourceName: source ?? null,
    eventType: event_type ?? null,
    direction: transition_direction ?? null,
    valid: payload_valid ?? null,
    rejection: null,
  }));
}

export const UpdateRecordBody = Type.Object(
  {
    reprocess: Type.Optional(Type.Boolean()),
    notes: Type.Optional(Notes),
  },
  { title: "PauseStatusRecordUpdate", additionalProperties: false, examples: [{ reprocess: true }] },
);
const checkBody = checker(UpdateRecordBody);

export interface UpdateRecord {
  readonly reprocess: boolean;
  /** Undefined keeps the notes. */
  readonly notes: string | null | undefined;
}

export function parseUpdate(body: unknown): Checked<UpdateRecord> {
  const checked = checkBody(body);
  if (checked.kind === "faults") return checked;
  const { reprocess = false, notes } = checked.value;
  return reprocess || notes !== undefined
    ? { kind: "ok", value: { reprocess, notes } }
    : { kind: "faults", faults: NOTHING_ASKED };
}

const NOTHING_ASKED: readonly Fault[] = [
  { field: "reprocess", rule: "must be true, unless notes are given" },
  { field: "notes", rule: "is required, unless reprocess is true" },
];

// ── Responses ───────────────────────────────────────────────────────────────────────────────────────────────────────

const Head = {
  id: Type.String(),
  source: Nullable(Type.String()),
  event_type: Nullable(Type.String()),
};
const Transition = { old_status: Nullable(Type.String()), new_status: Nullable(Type.String()) };
const Direction = Nullable(
  Type.Enum([...TRANSITION_DIRECTIONS], { description: "Null for a request that is not verified." }),
);
const Processing = {
  payload_valid: Type.Boolean(),
  received_at: Time,
  processed_at: Nullable(Time),
};
/** Fields that the reference does not have. They come after its fields. */
const More = {
  rejection_reason: RejectionName,
  explanation: Nullable(Type.String({ description: "What was wrong, by how much, and what to try." })),
  notes: Nullable(Type.String()),
  reprocessed_at: Nullable(Time),
};

export const RecordsResponse = Type.Object(
  {
    data: Type.Array(
      Type.Object({
        ...Head,
        ...Transition,
        peer_mentor_id: Nullable(Type.String()),
        transition_direction: Direction,
        ...Processing,
        ...More,
      }),
    ),
    pagination: PaginationResponse,
  },
  { title: "PauseStatusRecordPage" },
);

export const RecordResponse = Type.Object(
  {
    ...Head,
    raw_payload: Nullable(
      Type.Object(
        {},
        {
          additionalProperties: true,
          description:
            "The body without `source`, `event_type` and `signature`. Null if the body is not a JSON object.",
        },
      ),
    ),
    ...Transition,
    transition_direction: Direction,
    peer_mentor_id: Nullable(Type.String()),
    ...Processing,
    ...More,
    event_ids: Type.Array(
      Type.String({ description: "The events that were published from the request, oldest first." }),
    ),
    raw_body: Nullable(RawBodyResponse),
  },
  { title: "PauseStatusRecordDetail" },
);

export const ReprocessedResponse = Type.Object(
  {
    id: Type.String(),
    reprocess_requested: Type.Literal(true),
    reprocessed_at: Time,
    status: Type.Literal("reprocessed"),
  },
  { title: "ReprocessedPauseStatus" },
);

export const DeletedRecordResponse = Type.Object(
  {
    message: Type.Literal("Webhook event record deleted"),
    deleted_id: Type.String(),
    deleted_at: Time,
  },
  { title: "DeletedPauseStatusRecord" },
);

export function recordsJson({ rows, total }: InboundPage, { page, limit }: Page): Static<typeof RecordsResponse> {
  return { data: rows.map(rowJson), pagination: { page, limit, total } };
}

function rowJson(row: InboundRow): Static<typeof RecordsResponse>["data"][number] {
  return {
    ...headJson(row),
    ...transitionJson(row),
    peer_mentor_id: row.facts?.memberId ?? null,
    transition_direction: row.facts?.direction ?? null,
    ...processingJson(row),
    ...moreJson(row),
  };
}

/** A record's JSON text. The fields of the body are in it byte for byte, so that its numbers keep their digits. */
export function recordText(record: InboundRecord): string {
  const head = JSON.stringify(headJson(record));
  const tail = JSON.stringify({
    ...transitionJson(record),
    transition_direction: record.facts?.direction ?? null,
    peer_mentor_id: record.facts?.memberId ?? null,
    ...processingJson(record),
    ...moreJson(record),
    event_ids: record.eventIds.map((id) => ID_PREFIX.event + id),
    raw_body: record.valid ? null : rawBodyJson(record),
  });
  return `${head.slice(0, -1)},"raw_payload":${rawPayloadText(record.raw.body) ?? "null"},${tail.slice(1)}`;
}

function headJson({ id, sourceName, eventType }: InboundRow) {
  return { id: ID_PREFIX.inbound + id, source: sourceName, event_type: eventType };
}

function transitionJson({ facts }: InboundRow) {
  return { old_status: facts?.oldStatus ?? null, new_status: facts?.newStatus ?? null };
}

function processingJson({ valid, receivedAt, processedAt }: InboundRow) {
  return {
    payload_valid: valid,
    received_at: milliseconds(receivedAt),
    processed_at: millisecondsOrNull(processedAt),
  };
}

function moreJson({ rejection, explanation, notes, reprocessedAt }: InboundRow) {
  return {
    rejection_reason: rejection,
    explanation,
    notes,
    reprocessed_at: millisecondsOrNull(reprocessedAt),
  };
}

const NOT_PAYLOAD = new Set(["source", "event_type", "signature"]);

/** The sender's own members, with each value as it was sent. Null if the body is not a JSON object. */
export function rawPayloadText(body: Uint8Array): string | null {
  const text = jsonText(body);
  const scan = text === null ? null : scanObject(text, JSON_DEPTH_MAX);
  if (text === null || scan?.kind !== "ok") return null;
  const members = [...scan.members]
    .filter(([key]) => !NOT_PAYLOAD.has(key))
    .map(([key, { start, end }]) => `${JSON.stringify(key)}:${text.slice(start, end)}`);
  return `{${members.join(",")}}`;
}

/** Null unless the body is JSON: the scanner finds members only in valid JSON. */
function jsonText(body: Uint8Array): string | null {
  if (!isUtf8(body)) return null;
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
  try {
    JSON.parse(text);
    return text;
  } catch {
    return null;
  }
}

export function reprocessedJson(id: Uuid, at: EpochMs): Static<typeof ReprocessedResponse> {
  return {
    id: ID_PREFIX.inbound + id,
    reprocess_requested: true,
    reprocessed_at: milliseconds(at),
    status: "reprocessed",
  };
}

export function deletedJson(id: Uuid, at: EpochMs): Static<typeof DeletedRecordResponse> {
  return {
    message: "Webhook event record deleted",
    deleted_id: ID_PREFIX.inbound + id,
    deleted_at: milliseconds(at),
  };
}

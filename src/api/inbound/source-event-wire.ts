/** `/v1/sources/{id}/events` on the wire. */
import Type, { type Static } from "typebox";
import { type EpochMs, ID_PREFIX, type Uuid } from "../../domain/ids.ts";
import { REJECTIONS } from "../../domain/inbound/request.ts";
import { INBOUND_FIELD_CHARS_MAX } from "../../domain/limits.ts";
import { wholeSeconds, wholeSecondsOrNull } from "../../domain/text/time.ts";
import type { InboundKind, InboundPage, InboundRecord, InboundRow } from "../../ports/store.ts";
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

export const PathSourceEvent = Type.Object({ id: Type.String(), event_id: Type.String() });

const KINDS = ["webhook", "pause_status"] as const;
type KindName = (typeof KINDS)[number];
const KIND_NAMES: Readonly<Record<InboundKind, KindName>> = { any: "webhook", pauseStatus: "pause_status" };
const NAMED_KINDS: Readonly<Record<KindName, InboundKind>> = { webhook: "any", pause_status: "pauseStatus" };

export const SourceEventsQuery = Type.Object(
  {
    ...PageFields,
    kind: Type.Optional(
      Type.Enum([...KINDS], {
        description: "`webhook`: received at the source's own URL. `pause_status`: received at the pause-status route.",
      }),
    ),
    valid: Type.Optional(Type.Boolean({ description: "`false`: only rejected requests." })),
    rejection_reason: Type.Optional(
      Type.Enum([...REJECTIONS], { description: "Only requests that were rejected for this reason." }),
    ),
    event_type: Type.Optional(Type.String({ minLength: 1, maxLength: INBOUND_FIELD_CHARS_MAX })),
    ...ReceivedFields,
  },
  { additionalProperties: false },
);
const parseQuery = inboundQueryParser(SourceEventsQuery);

export function parseSourceEventsQuery(query: unknown, sourceId: Uuid): Checked<InboundQuery> {
  return parseQuery(query, (given) => ({ ...filterOf(given), sourceId }));
}

/** The part of a filter that the lists of one source and of all sources have in common. */
export function filterOf({
  kind,
  event_type,
  valid,
  rejection_reason: rejection,
}: Omit<Static<typeof SourceEventsQuery>, "page" | "limit" | "from" | "to">) {
  return {
    kind: kind === undefined ? null : NAMED_KINDS[kind],
    sourceName: null,
    eventType: event_type ?? null,
    direction: null,
    valid: valid ?? null,
    rejection: rejection ?? null,
  };
}

export const NoteSourceEventBody = Type.Object(
  { notes: Notes },
  { title: "InboundEventNotes", additionalProperties: false, examples: [{ notes: "Asked the sender." }] },
);
export const checkNoteSourceEvent = checker(NoteSourceEventBody);

export const RowFields = {
  id: Type.String(),
  kind: Type.Enum([...KINDS]),
  event_type: Nullable(Type.String()),
  valid: Type.Boolean(),
  rejection_reason: RejectionName,
  explanation: Nullable(Type.String({ description: "What was wrong, by how much, and what to try." })),
  address: Type.String({ description: "The IP address of the sender." }),
  received_at: Time,
  processed_at: Nullable(Time),
  reprocessed_at: Nullable(Time),
  notes: Nullable(Type.String()),
};

export const SourceEventsResponse = Type.Object(
  {
    data: Type.Array(Type.Object(RowFields)),
    pagination: PaginationResponse,
  },
  { title: "InboundEventPage" },
);
export const SourceEventResponse = Type.Object(
  {
    ...RowFields,
    event_ids: Type.Array(
      Type.String({ description: "The events that were published from the request, oldest first." }),
    ),
    url: Type.String({ description: "The URL as the sender used it." }),
    headers: Type.Record(Type.String(), Type.String(), { description: "The headers that the server keeps." }),
    body: RawBodyResponse,
  },
  { title: "InboundEventDetail" },
);
export const ReprocessedEventResponse = Type.Object(
  {
    id: Type.String(),
    status: Type.Literal("reprocessed"),
    event_id: Nullable(Type.String({ description: "The published event. Null if the request publishes none." })),
    reprocessed_at: Time,
  },
  { title: "ReprocessedInboundEvent" },
);
export const ReprocessedSourceResponse = Type.Object(
  {
    reprocessed: Type.Integer(),
    failed: Type.Integer({
      description:
        "Requests that still fail verification, were received again in the meantime, or failed with an error (see the log).",
    }),
    more: Type.Boolean({ description: "There are more rejected requests than one call processes. Call again." }),
  },
  { title: "ReprocessedSource" },
);

export function sourceEventsJson(found: InboundPage, { page, limit }: Page): Static<typeof SourceEventsResponse> {
  return { data: found.rows.map(rowJson), pagination: { page, limit, total: found.total } };
}

export function rowJson(row: InboundRow): Static<typeof SourceEventsResponse>["data"][number] {
  return {
    id: ID_PREFIX.inbound + row.id,
    kind: KIND_NAMES[row.kind],
    event_type: row.eventType,
    valid: row.valid,
    rejection_reason: row.rejection,
    explanation: row.explanation,
    address: row.address,
    received_at: wholeSeconds(row.receivedAt),
    processed_at: wholeSecondsOrNull(row.processedAt),
    reprocessed_at: wholeSecondsOrNull(row.reprocessedAt),
    notes: row.notes,
  };
}

export function sourceEventJson(record: InboundRecord): Static<typeof SourceEventResponse> {
  return {
    ...rowJson(record),
    event_ids: record.eventIds.map((id) => ID_PREFIX.event + id),
    url: record.raw.url,
    headers: { ...record.raw.headers },
    body: rawBodyJson(record),
  };
}

export interface Reprocessed {
  readonly id: Uuid;
  readonly eventId: Uuid | null;
  readonly at: EpochMs;
}

export function reprocessedJson({ id, eventId, at }: Reprocessed): Static<typeof ReprocessedEventResponse> {
  return {
    id: ID_PREFIX.inbound + id,
    status: "reprocessed",
    event_id: eventId === null ? null : ID_PREFIX.event + eventId,
    reprocessed_at: wholeSeconds(at),
  };
}

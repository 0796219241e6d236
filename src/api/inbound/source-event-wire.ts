/** `/v1/sources/{id}/events` on the wire. */
import Type, { type Static } from "typebox";
import { type EpochMs, ID_PREFIX, type Uuid } from "../../domain/ids.ts";
import { INBOUND_FIELD_CHARS_MAX } from "../../domain/limits.ts";
import { wholeSeconds, wholeSecondsOrNull } from "../../domain/text/time.ts";
import type { InboundFilterInput } from "../../engine/inbound/inbound-service.ts";
import type { InboundKind, InboundPage, InboundRecord, InboundRow } from "../../ports/store.ts";
import { endOf, startOf } from "../lists/period.ts";
import { type Checked, checker } from "../schema/check.ts";
import { queryChecker } from "../schema/query.ts";
import { Nullable, Time } from "../schema/schemas.ts";
import {
  Notes,
  type Page,
  PageFields,
  PaginationResponse,
  pageFaults,
  pageOf,
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
        description: "What came to the source's own URL, or to the pause-status route; both without it.",
      }),
    ),
    valid: Type.Optional(Type.Boolean({ description: "`false`: what was refused." })),
    event_type: Type.Optional(Type.String({ minLength: 1, maxLength: INBOUND_FIELD_CHARS_MAX })),
    ...ReceivedFields,
  },
  { additionalProperties: false },
);
const checkQuery = queryChecker(SourceEventsQuery);

export interface SourceEventsInput extends Page {
  readonly filter: InboundFilterInput;
}

export function parseSourceEventsQuery(query: unknown, sourceId: Uuid): Checked<SourceEventsInput> {
  const checked = checkQuery(query);
  if (checked.kind === "faults") return checked;
  const { value } = checked;
  const page = pageOf(value);
  const faults = pageFaults(page);
  if (faults.length > 0) return { kind: "faults", faults };
  const filter: InboundFilterInput = {
    kind: value.kind === undefined ? null : NAMED_KINDS[value.kind],
    sourceId,
    sourceName: null,
    eventType: value.event_type ?? null,
    direction: null,
    valid: value.valid ?? null,
    from: value.from === undefined ? null : startOf(value.from),
    to: value.to === undefined ? null : endOf(value.to),
  };
  return { kind: "ok", value: { ...page, filter } };
}

export const NoteSourceEventBody = Type.Object(
  { notes: Notes },
  { title: "InboundEventNotes", additionalProperties: false },
);
/** The body of `PATCH`, or what is wrong with it. */
export const checkNoteSourceEvent = checker(NoteSourceEventBody);

const RowFields = {
  id: Type.String(),
  kind: Type.Enum([...KINDS]),
  event_type: Nullable(Type.String()),
  valid: Type.Boolean(),
  rejection_reason: RejectionName,
  explanation: Nullable(Type.String({ description: "What was wrong, by how much, and what to try." })),
  address: Type.String({ description: "Where it came from." }),
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
    event_ids: Type.Array(Type.String({ description: "What it was published as, the oldest first." })),
    url: Type.String({ description: "As the sender saw it." }),
    headers: Type.Record(Type.String(), Type.String(), { description: "Those that any scheme may look at." }),
    body: RawBodyResponse,
  },
  { title: "InboundEventDetail" },
);
export const ReprocessedEventResponse = Type.Object(
  {
    id: Type.String(),
    status: Type.Literal("reprocessed"),
    event_id: Nullable(Type.String({ description: "What it was published as; null when nothing follows from it." })),
    reprocessed_at: Time,
  },
  { title: "ReprocessedInboundEvent" },
);
export const ReprocessedSourceResponse = Type.Object(
  {
    reprocessed: Type.Integer(),
    failed: Type.Integer({
      description: "Still cannot be verified, came meanwhile by another request, or broke (see the log).",
    }),
    more: Type.Boolean({ description: "There was more than one request may take; ask again." }),
  },
  { title: "ReprocessedSource" },
);

export function sourceEventsJson(found: InboundPage, { page, limit }: Page): Static<typeof SourceEventsResponse> {
  return { data: found.rows.map(rowJson), pagination: { page, limit, total: found.total } };
}

function rowJson(row: InboundRow): Static<typeof SourceEventsResponse>["data"][number] {
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

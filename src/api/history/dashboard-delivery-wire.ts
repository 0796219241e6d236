/** `/dashboard/webhooks/deliveries` on the wire. */
import Type, { type Static, type TObject } from "typebox";
import type { Fault } from "../../domain/errors.ts";
import {
  ANY_DELIVERY,
  LEDGER_DIRECTIONS,
  LEDGER_ORDERS,
  LEDGER_STATUSES,
  STATES_OF_STATUS,
} from "../../domain/history/ledger.ts";
import { type EpochMs, ID_PREFIX, parseEndpointId, type Uuid, WEBHOOK_PREFIX } from "../../domain/ids.ts";
import {
  LIST_PAGE_DEFAULT,
  LIST_PAGE_MAX,
  PROGRESS_TOKEN_CHARS_MAX,
  PROGRESS_TOKEN_CHARS_MIN,
} from "../../domain/limits.ts";
import { milliseconds, millisecondsOrNull, parseTime } from "../../domain/text/time.ts";
import type { LedgerFilterInput, LedgerInput } from "../../engine/history/ledger.ts";
import type { LedgerPage, LedgerRow } from "../../ports/store.ts";
import type { Checked } from "../schema/check.ts";
import { queryChecker } from "../schema/query.ts";
import { Nullable, Time } from "../schema/schemas.ts";
import { deliveryError } from "./dashboard-delivery-error.ts";
import { conditionsOf, FilterFields as DeliveryFilterFields } from "./delivery-filter.ts";

const DAY_MS = 86_400_000;

const FilterFields = {
  status: Type.Optional(Type.Enum([...LEDGER_STATUSES])),
  startDate: Type.Optional(Type.String({ format: "day", description: "Created on or after this day (UTC)." })),
  endDate: Type.Optional(Type.String({ format: "day", description: "Created on or before this day (UTC)." })),
  webhookId: Type.Optional(Type.String({ format: "endpoint-id" })),
  event: Type.Optional(Type.String({ format: "event-type", description: "An exact event type." })),
  asOf: Type.Optional(
    Type.String({
      format: "date-time",
      description: "Ignores deliveries created after this time. Pass the `asOf` of the first page.",
    }),
  ),
};
type FilterQuery = Static<TObject<typeof FilterFields>>;

export const HistoryQuery = Type.Object(
  {
    ...FilterFields,
    sortBy: Type.Optional(Type.Enum([...LEDGER_ORDERS], { default: "createdAt" })),
    sortOrder: Type.Optional(Type.Enum([...LEDGER_DIRECTIONS], { default: "desc" })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIST_PAGE_MAX, default: LIST_PAGE_DEFAULT })),
    offset: Type.Optional(Type.Integer({ minimum: 0, default: 0 })),
  },
  { additionalProperties: false },
);
export const checkHistoryQuery = withDateOrder(queryChecker(HistoryQuery));

const { status: state, ...OtherFields } = DeliveryFilterFields;

/** The dashboard's filters, and those of `/v1/deliveries`, of which `status` is called `state` here. */
export const ExportQuery = Type.Object(
  {
    ...FilterFields,
    state,
    ...OtherFields,
    format: Type.Optional(Type.Enum(["csv", "ndjson"], { default: "csv" })),
    progress: Type.Optional(
      Type.String({
        minLength: PROGRESS_TOKEN_CHARS_MIN,
        maxLength: PROGRESS_TOKEN_CHARS_MAX,
        format: "text",
        description: "A text that the caller chooses. The topic `export` of the stream tells the progress under it.",
      }),
    ),
  },
  { additionalProperties: false },
);
export const checkExportQuery = withDateOrder(queryChecker(ExportQuery));

const HistoryRow = Type.Object(
  {
    id: Type.String(),
    eventId: Type.String(),
    event: Type.String({ description: "The type of the event." }),
    webhookId: Type.String(),
    url: Type.String({ description: "The URL of the latest attempt." }),
    status: Type.Enum([...LEDGER_STATUSES]),
    attempts: Type.Integer(),
    httpStatus: Nullable(
      Type.Integer({ description: "The HTTP status of the latest attempt. Null if there was no response." }),
    ),
    error: Nullable(
      Type.String({ description: "What went wrong last. Null if nothing did, or if the delivery succeeded." }),
    ),
    createdAt: Time,
    deliveredAt: Nullable(Time),
    lastAttemptAt: Nullable(Time),
    nextAttemptAt: Nullable(Time),
  },
  { title: "DashboardDelivery" },
);
export type HistoryRowJson = Static<typeof HistoryRow>;

export const HistoryResponse = Type.Object(
  {
    success: Type.Literal(true),
    data: Type.Object({
      deliveries: Type.Array(HistoryRow),
      pagination: Type.Object({
        total: Type.Integer(),
        limit: Type.Integer(),
        offset: Type.Integer(),
        asOf: Type.String({
          format: "date-time",
          description: "Pass it with the requests for further pages, so that they continue this one.",
        }),
      }),
    }),
  },
  { title: "DashboardDeliveryPage" },
);

export function historyInput(query: Static<typeof HistoryQuery>): LedgerInput {
  return {
    filter: filterInput(query),
    order: { by: query.sortBy ?? "createdAt", direction: query.sortOrder ?? "desc" },
    limit: query.limit ?? LIST_PAGE_DEFAULT,
    offset: query.offset ?? 0,
    asOf: timeOf(query.asOf),
  };
}

export function exportFilter(query: Static<typeof ExportQuery>): LedgerFilterInput {
  // The dashboard's `status` is none of these conditions.
  const { state: states, status: _, ...others } = query;
  const filter = filterInput(query);
  const more = conditionsOf({ ...others, ...(states !== undefined && { status: states }) });
  const asOf = timeOf(query.asOf);
  const ends = [filter.to, more.to, asOf === null ? null : asOf + 1].filter((end) => end !== null);
  return {
    ...more,
    states: more.states ?? filter.states,
    endpointIds: more.endpointIds ?? filter.endpointIds,
    eventType: more.eventType ?? filter.eventType,
    from: filter.from === null && more.from === null ? null : Math.max(filter.from ?? 0, more.from ?? 0),
    to: ends.length === 0 ? null : Math.min(...ends),
  };
}

export function historyJson(
  { rows, total, asOf }: LedgerPage,
  { limit, offset }: Pick<LedgerInput, "limit" | "offset">,
): Static<typeof HistoryResponse> {
  const pagination = { total, limit, offset, asOf: milliseconds(asOf) };
  return { success: true, data: { deliveries: rows.map(historyRowJson), pagination } };
}

export function historyRowJson(row: LedgerRow): HistoryRowJson {
  return {
    id: ID_PREFIX.delivery + row.id,
    eventId: ID_PREFIX.event + row.eventId,
    event: row.eventType,
    webhookId: WEBHOOK_PREFIX + row.endpointId,
    url: row.url,
    status: row.status,
    attempts: row.attempts,
    httpStatus: row.lastAttempt?.httpStatus ?? null,
    error: deliveryError(row),
    createdAt: milliseconds(row.createdAt),
    deliveredAt: millisecondsOrNull(row.deliveredAt),
    lastAttemptAt: millisecondsOrNull(row.lastAttempt?.startedAt ?? null),
    nextAttemptAt: millisecondsOrNull(row.nextAttemptAt),
  };
}

function filterInput(query: FilterQuery): LedgerFilterInput {
  const lastDay = dayOf(query.endDate);
  const endpointId = query.webhookId === undefined ? null : parseEndpointId(query.webhookId);
  return {
    ...ANY_DELIVERY,
    states: query.status === undefined ? null : STATES_OF_STATUS[query.status],
    endpointIds: endpointId === null ? null : [endpointId],
    eventType: query.event ?? null,
    from: dayOf(query.startDate),
    to: lastDay === null ? null : lastDay + DAY_MS,
  };
}

/** The start of a UTC day. */
function dayOf(text: unknown): EpochMs | null {
  return typeof text === "string" ? parseTime(`${text}T00:00:00Z`) : null;
}

function timeOf(text: string | undefined): EpochMs | null {
  return text === undefined ? null : parseTime(text);
}

/** Adds the check that the first date is not after the last one. */
function withDateOrder<T>(check: (query: unknown) => Checked<T>): (query: unknown) => Checked<T> {
  return (query) => {
    const checked = check(query);
    const fault = orderFault(query as Record<string, unknown>);
    if (fault === null) return checked;
    return { kind: "faults", faults: [...(checked.kind === "faults" ? checked.faults : []), fault] };
  };
}

function orderFault({ startDate, endDate }: Record<string, unknown>): Fault | null {
  const [first, last] = [dayOf(startDate), dayOf(endDate)];
  return first !== null && last !== null && first > last
    ? { field: "startDate", rule: "must not be after endDate" }
    : null;
}

export const PathEventId = Type.Object({
  eventId: Type.String({ description: "The id of a delivery or of an event." }),
});

export const RetriedResponse = Type.Object(
  {
    success: Type.Literal(true),
    data: Type.Object({
      id: Type.String({ description: "The delivery. If there are several, the oldest." }),
      eventId: Type.String(),
      status: Type.Literal("pending"),
    }),
    message: Type.String(),
  },
  { title: "DashboardRetryResult" },
);

export function retriedJson(
  eventId: Uuid,
  [oldest, ...others]: readonly [Uuid, ...Uuid[]],
): Static<typeof RetriedResponse> {
  const what = others.length === 0 ? "Delivery" : `${1 + others.length} deliveries`;
  return {
    success: true,
    data: { id: ID_PREFIX.delivery + oldest, eventId: ID_PREFIX.event + eventId, status: "pending" },
    message: `${what} queued for retry.`,
  };
}

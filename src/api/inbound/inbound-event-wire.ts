/** `/v1/inbound-events` on the wire: what was received from all sources. */
import Type, { type Static } from "typebox";
import { type EpochMs, ID_PREFIX } from "../../domain/ids.ts";
import { REJECTIONS } from "../../domain/inbound/request.ts";
import { wholeSeconds } from "../../domain/text/time.ts";
import type { InboundPage, InboundRecord, InboundRow, RefusedSum } from "../../ports/store.ts";
import { startOf } from "../lists/period.ts";
import type { Checked } from "../schema/check.ts";
import { queryChecker } from "../schema/query.ts";
import { Nullable, Time } from "../schema/schemas.ts";
import {
  type InboundQuery,
  inboundQueryParser,
  type Page,
  PaginationResponse,
  ReceivedFields,
} from "./inbound-wire.ts";
import {
  filterOf,
  RowFields,
  rowJson,
  SourceEventResponse,
  SourceEventsQuery,
  sourceEventJson,
} from "./source-event-wire.ts";
import { parseSourceId } from "./source-routes.ts";

export const InboundEventsQuery = Type.Object(
  { ...SourceEventsQuery.properties, source_id: Type.Optional(Type.String({ format: "source-id" })) },
  { additionalProperties: false },
);
const parseQuery = inboundQueryParser(InboundEventsQuery);

export function parseInboundEventsQuery(query: unknown): Checked<InboundQuery> {
  return parseQuery(query, ({ source_id: source, ...given }) => ({
    ...filterOf(given),
    sourceId: source === undefined ? null : parseSourceId(source),
  }));
}

export const RefusedQuery = Type.Object({ from: ReceivedFields.from }, { additionalProperties: false });
const checkRefused = queryChecker(RefusedQuery);

export function parseRefusedQuery(query: unknown): Checked<EpochMs> {
  const checked = checkRefused(query);
  if (checked.kind === "faults") return checked;
  return { kind: "ok", value: startOf(checked.value.from ?? "") ?? 0 };
}

const OfSource = {
  source_id: Nullable(Type.String({ description: "Null if no source is known." })),
  source: Nullable(Type.String({ description: "The name of the source, or the name that the sender gave." })),
};
const RowResponse = Type.Object({ ...OfSource, ...RowFields });
export const InboundEventsResponse = Type.Object(
  { data: Type.Array(RowResponse), pagination: PaginationResponse },
  { title: "AnyInboundEventPage" },
);
export const InboundEventResponse = Type.Object(
  { ...OfSource, ...SourceEventResponse.properties },
  { title: "AnyInboundEvent" },
);
export const RefusedResponse = Type.Object(
  {
    total: Type.Integer(),
    counts: Type.Array(
      Type.Object({
        ...OfSource,
        rejection_reason: Type.Enum([...REJECTIONS]),
        count: Type.Integer(),
        last_received_at: Time,
      }),
      { description: "The largest first, at most 1000." },
    ),
  },
  { title: "RefusedCounts" },
);

export function inboundEventsJson(found: InboundPage, { page, limit }: Page): Static<typeof InboundEventsResponse> {
  const data = found.rows.map((row) => ({ ...sourceOf(row), ...rowJson(row) }));
  return { data, pagination: { page, limit, total: found.total } };
}

export function inboundEventJson(record: InboundRecord): Static<typeof InboundEventResponse> {
  return { ...sourceOf(record), ...sourceEventJson(record) };
}

export function refusedJson(sums: readonly RefusedSum[]): Static<typeof RefusedResponse> {
  return {
    total: sums.reduce((total, { count }) => total + count, 0),
    counts: sums.map((sum) => ({
      ...sourceOf(sum),
      rejection_reason: sum.rejection,
      count: sum.count,
      last_received_at: wholeSeconds(sum.lastAt),
    })),
  };
}

function sourceOf({ sourceId, sourceName }: Pick<InboundRow, "sourceId" | "sourceName">) {
  return { source_id: sourceId === null ? null : ID_PREFIX.source + sourceId, source: sourceName };
}

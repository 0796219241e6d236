/** `/v1/stream` on the wire. */
import Type, { type Static } from "typebox";
import { DELIVERY_STATES } from "../../domain/delivery/delivery.ts";
import { type ExportNews, type News, TOPICS } from "../../domain/history/news.ts";
import { ID_PREFIX, parseEndpointId, type Seq } from "../../domain/ids.ts";
import { STREAM_EVENTS_PER_SECOND_MAX } from "../../domain/limits.ts";
import type { StreamInput, StreamItem } from "../../engine/history/history-types.ts";
import type { Cursor } from "../../ports/store.ts";
import type { ApiDeps } from "../deps.ts";
import { deliveryJson } from "../history/delivery-wire.ts";
import { sealCursor } from "../lists/cursor.ts";
import { queryChecker } from "../schema/query.ts";

export const StreamQuery = Type.Object(
  {
    topics: Type.Optional(
      Type.Array(Type.Enum([...TOPICS]), {
        minItems: 1,
        maxItems: TOPICS.length,
        default: ["delivery"],
        description: "What to send, separated by commas.",
      }),
    ),
    endpoint_id: Type.Optional(
      Type.String({ format: "endpoint-id", description: "Only outcomes and changes of this endpoint." }),
    ),
    status: Type.Optional(
      Type.Array(Type.Enum([...DELIVERY_STATES]), {
        minItems: 1,
        maxItems: DELIVERY_STATES.length,
        description: "Only outcomes that put their delivery into one of these states, separated by commas.",
      }),
    ),
    max_per_second: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: STREAM_EVENTS_PER_SECOND_MAX,
        description: "Leave out what is more than this of a topic.",
      }),
    ),
  },
  { additionalProperties: false },
);
export const checkStream = queryChecker(StreamQuery);

export function streamInput(query: Static<typeof StreamQuery>, after: Seq | null): StreamInput {
  return {
    after,
    topics: query.topics ?? ["delivery"],
    endpointId: query.endpoint_id === undefined ? null : parseEndpointId(query.endpoint_id),
    states: query.status ?? null,
    perSecondMax: query.max_per_second ?? null,
  };
}

/** One server-sent event. Only outcomes have an id, so a client resumes after the last outcome that it got. */
export function itemText(engine: ApiDeps["engine"], item: StreamItem): string {
  switch (item.kind) {
    case "outcome":
      return positionText(engine, item.attemptSeq) + eventText("delivery", deliveryJson(item.row));
    case "news":
      return eventText(item.news.topic, newsJson(item.news));
    case "skipped":
      return eventText("skipped", { count: item.count, topics: item.topics });
  }
}

/** The `id` of an event, or of none: a client keeps it in both cases (HTML Living Standard §9.2.6). */
export function positionText(engine: ApiDeps["engine"], position: Seq | null): string {
  return position === null ? "" : `id: ${sealCursor(engine, "outcomes", String(position) as Cursor)}\n`;
}

function eventText(event: string, data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

function newsJson(news: News): object {
  switch (news.topic) {
    case "event":
      return { event_id: ID_PREFIX.event + news.eventId, event_type: news.eventType };
    case "endpoint":
      return { endpoint_id: ID_PREFIX.endpoint + news.endpointId, change: news.change };
    case "pause":
      return { pause_id: ID_PREFIX.pause + news.pauseId, status: news.status };
    case "inbound":
      return {
        id: ID_PREFIX.inbound + news.recordId,
        source_id: news.sourceId === null ? null : ID_PREFIX.source + news.sourceId,
        valid: news.valid,
      };
    case "job":
      return { job_id: ID_PREFIX.job + news.jobId, state: news.state, done: news.done, total: news.total };
    case "export":
      return exportJson(news);
    case "status":
      return { ready: news.ready, reason: news.reason };
  }
}

export function exportJson({ token, state, rows, total }: ExportNews) {
  return { token, state, rows, total };
}

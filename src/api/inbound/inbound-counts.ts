/** `/v1/analytics/inbound`: how many requests were verified and rejected, by time and by source. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type, { type Static } from "typebox";
import { ID_PREFIX } from "../../domain/ids.ts";
import { INBOUND_COUNTED_SOURCES_MAX } from "../../domain/limits.ts";
import { wholeSeconds, wholeSecondsOrNull } from "../../domain/text/time.ts";
import type { InboundCounts } from "../../ports/store.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid } from "../errors/problem.ts";
import { errorResponses, refuse } from "../errors/v1-errors.ts";
import { alignedFrom, bucketsOf, parseSpan, Since, type Span, SpanQuery, STEP_NAMES } from "../lists/span.ts";
import { Nullable, Time } from "../schema/schemas.ts";

const Valid = Type.Integer({ description: "Requests that were verified." });
const Refused = Type.Integer({ description: "Requests that were rejected and not verified since." });
const Response = Type.Object(
  {
    step: Type.Enum(STEP_NAMES),
    since: Since,
    buckets: Type.Array(Type.Object({ at: Time, valid: Valid, refused: Refused }, { title: "InboundBucket" })),
    sources: Type.Array(
      Type.Object(
        {
          source_id: Nullable(Type.String({ description: "Null if no source is known." })),
          source: Nullable(Type.String({ description: "The name of the source." })),
          valid: Valid,
          refused: Refused,
          last_received_at: Time,
        },
        { title: "InboundOfSource" },
      ),
      { description: `The busiest first, at most ${INBOUND_COUNTED_SOURCES_MAX}.` },
    ),
  },
  { title: "InboundStatistics" },
);

const INBOUND = {
  config: { needs: "org_admin" } as const,
  schema: {
    tags: ["Analytics"],
    operationId: "getInboundStatistics",
    summary: "Received requests, by time and by source",
    description:
      "Counts the records that are kept. A global_admin who acts in the own tenant also sees requests from senders that " +
      "no source is known for.",
    querystring: SpanQuery,
    response: { 200: Response, ...errorResponses() },
  },
};

export function registerInboundCounts(app: FastifyInstance, { engine, clock }: ApiDeps): void {
  app.get("/v1/analytics/inbound", INBOUND, async (request: FastifyRequest, reply: FastifyReply): Promise<object> => {
    const parsed = parseSpan(request.query, clock.now());
    if (parsed.kind === "faults") return refuse(reply, invalid(parsed.faults));
    const span = { ...parsed.value, from: alignedFrom(parsed.value) };
    return countsJson(span, await engine.inbound.count(request.caller, span));
  });
}

function countsJson(span: Span, { since, buckets, sources }: InboundCounts): Static<typeof Response> {
  const byTime = new Map(buckets.map((bucket) => [bucket.at, bucket]));
  return {
    step: span.step,
    since: wholeSecondsOrNull(since),
    buckets: bucketsOf(span).map((at) => {
      const { valid = 0, refused = 0 } = byTime.get(at) ?? {};
      return { at: wholeSeconds(at), valid, refused };
    }),
    sources: sources.map(({ sourceId, sourceName, valid, refused, lastAt }) => ({
      source_id: sourceId === null ? null : ID_PREFIX.source + sourceId,
      source: sourceName,
      valid,
      refused,
      last_received_at: wholeSeconds(lastAt),
    })),
  };
}

/** `/v1/analytics/pauses`: how pauses ended, and how long people took to decide. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type, { type Static } from "typebox";
import { wholeSeconds, wholeSecondsOrNull } from "../../domain/text/time.ts";
import type { PauseEndings } from "../../ports/store.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid } from "../errors/problem.ts";
import { errorResponses, refuse } from "../errors/v1-errors.ts";
import { alignedFrom, bucketsOf, parseSpan, Since, SpanQuery, STEP_NAMES } from "../lists/span.ts";
import { Nullable, Time } from "../schema/schemas.ts";

const Bucket = Type.Object(
  {
    at: Time,
    pending: Type.Integer(),
    responded: Type.Integer({ description: "A person decided." }),
    timed_out: Type.Integer({ description: "Nobody answered in time." }),
    by_default: Type.Integer({ description: "Those of `timed_out` whose default was taken." }),
    cancelled: Type.Integer(),
    p50: Nullable(Type.Integer({ description: "Half of those who decided took at most this long, in milliseconds." })),
    p95: Nullable(Type.Integer({ description: "95 % of those who decided took at most this long, in milliseconds." })),
  },
  { title: "PauseBucket" },
);
const Response = Type.Object(
  { step: Type.Enum(STEP_NAMES), since: Since, buckets: Type.Array(Bucket) },
  { title: "PauseStatistics" },
);

const PAUSES = {
  schema: {
    tags: ["Analytics"],
    operationId: "getPauseStatistics",
    summary: "How pauses ended, by the time of their creation",
    querystring: SpanQuery,
    response: { 200: Response, ...errorResponses() },
  },
};

export function registerPauseEndings(app: FastifyInstance, { engine, clock }: ApiDeps): void {
  app.get("/v1/analytics/pauses", PAUSES, async (request: FastifyRequest, reply: FastifyReply): Promise<object> => {
    const parsed = parseSpan(request.query, clock.now());
    if (parsed.kind === "faults") return refuse(reply, invalid(parsed.faults));
    const span = { ...parsed.value, from: alignedFrom(parsed.value) };
    const { since, buckets } = await engine.pauses.endings(request.caller, span);
    const byTime = new Map(buckets.map((bucket) => [bucket.at, bucket]));
    return {
      step: span.step,
      since: wholeSecondsOrNull(since),
      buckets: bucketsOf(span).map((at) => bucketJson(byTime.get(at) ?? { ...NONE, at })),
    };
  });
}

const NONE = { pending: 0, responded: 0, timedOut: 0, byDefault: 0, cancelled: 0, p50Ms: null, p95Ms: null };

function bucketJson(bucket: PauseEndings): Static<typeof Bucket> {
  const { at, pending, responded, timedOut, byDefault, cancelled, p50Ms, p95Ms } = bucket;
  return {
    at: wholeSeconds(at),
    pending,
    responded,
    timed_out: timedOut,
    by_default: byDefault,
    cancelled,
    p50: p50Ms,
    p95: p95Ms,
  };
}

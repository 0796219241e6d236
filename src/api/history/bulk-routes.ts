/** `POST /v1/deliveries/bulk`: acts on all deliveries that match a filter. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type, { type Static } from "typebox";
import { ID_PREFIX, parseId } from "../../domain/ids.ts";
import { BULK_DELIVERIES_COUNT_MAX, BULK_DELIVERIES_PER_SECOND_MAX } from "../../domain/limits.ts";
import { milliseconds, parseTime } from "../../domain/text/time.ts";
import { BULK_ACTIONS } from "../../domain/upkeep/job.ts";
import type { BulkInput } from "../../engine/upkeep/jobs.ts";
import type { BulkCount } from "../../ports/store.ts";
import { requireRole } from "../access/auth.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid, problem, temporary } from "../errors/problem.ts";
import { errorResponses, refuse } from "../errors/v1-errors.ts";
import { bodyOf } from "../http/body.ts";
import { BULK_RETRY_AFTER_SECONDS } from "../http/limits.ts";
import { checker } from "../schema/check.ts";
import { conditionsOf, FilterFields } from "./delivery-filter.ts";
import { DeliveryResponse, deliveryJson } from "./delivery-wire.ts";

const BulkBody = Type.Object(
  {
    action: Type.Enum([...BULK_ACTIONS]),
    filter: Type.Object(
      {
        ...FilterFields,
        delivery_id: Type.Optional(
          Type.Array(Type.String({ format: "delivery-id" }), { minItems: 1, maxItems: BULK_DELIVERIES_COUNT_MAX }),
        ),
      },
      { additionalProperties: false, description: "As in the list of deliveries. `{}` is every delivery." },
    ),
    as_of: Type.Optional(
      Type.String({
        format: "date-time",
        description: "The `as_of` of a list or of a dry run: later deliveries are left alone. Default: now.",
      }),
    ),
    per_second: Type.Optional(
      Type.Union([Type.Integer({ minimum: 1, maximum: BULK_DELIVERIES_PER_SECOND_MAX }), Type.Null()], {
        description: "How many deliveries the job changes in a second. Default: as many as possible.",
      }),
    ),
    dry_run: Type.Optional(Type.Boolean({ default: false })),
  },
  {
    title: "BulkInput",
    additionalProperties: false,
    examples: [{ action: "retry", filter: { status: ["FAILED"], http_status: "5xx" }, dry_run: true }],
  },
);
const checkBulk = checker(BulkBody);

const CountResponse = Type.Object(
  {
    action: Type.Enum([...BULK_ACTIONS]),
    dry_run: Type.Literal(true),
    as_of: Type.String({ format: "date-time", description: "Pass it with the action itself." }),
    total: Type.Integer({ description: "Deliveries that the action changes." }),
    unchanged: Type.Integer({
      description: "Deliveries that match, but that the action cannot change. For example, one that has not failed.",
    }),
    endpoints: Type.Array(
      Type.Object({ endpoint_id: Type.String(), endpoint_name: Type.String(), count: Type.Integer() }),
      { description: "The endpoints with the most of them, at most 100." },
    ),
    sample: Type.Array(DeliveryResponse, { description: "The newest of them." }),
  },
  { title: "BulkCount" },
);
const StartedResponse = Type.Object(
  { job_id: Type.String(), as_of: Type.String({ format: "date-time" }), total: Type.Integer() },
  { title: "BulkStarted" },
);

export function registerBulkRoute(app: FastifyInstance, deps: ApiDeps): void {
  app.post("/v1/deliveries/bulk", BULK, actOnAll(deps));
}

const BULK = {
  config: { needs: "viewer" },
  schema: {
    tags: ["Deliveries"],
    operationId: "bulkDeliveries",
    summary: "Retry, replay or cancel all deliveries that match a filter",
    description:
      "With `dry_run`, the server only counts them. Otherwise it starts a job, which needs the role developer. Deliveries that were created after " +
      "`as_of` are left alone, and so is what no longer matches at its turn. To cancel the job, see `/v1/jobs`.",
    body: BulkBody,
    response: { 200: CountResponse, 202: StartedResponse, ...errorResponses(413, 415, 429) },
  },
} as const;

function actOnAll({ engine: { jobs } }: ApiDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const body = checkBulk(bodyOf(request).value);
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    const { dry_run: dryRun = false, per_second: perSecond = null } = body.value;
    const input = bulkInput(body.value);
    if (dryRun) return reply.code(200).send(countJson(await jobs.count(request.caller, input)));
    requireRole(request.caller, "developer");
    const started = await jobs.start(request.caller, { ...input, perSecond });
    if (started === null) return refuse(reply, TOO_MANY_JOBS);
    const { jobId, count } = started;
    return reply.code(202).send({
      job_id: ID_PREFIX.job + jobId,
      as_of: milliseconds(count.target.asOf),
      total: count.total,
    } satisfies Static<typeof StartedResponse>);
  };
}

const TOO_MANY_JOBS = temporary(
  problem(
    429,
    "TOO_MANY_JOBS",
    "This tenant has the maximum number of bulk jobs running. Wait for one, or cancel one.",
  ),
  BULK_RETRY_AFTER_SECONDS,
);

function bulkInput({ action, filter, as_of: asOf }: Static<typeof BulkBody>): BulkInput {
  const { delivery_id: ids, ...others } = filter;
  const deliveryIds = ids?.map((id) => parseId(ID_PREFIX.delivery, id)).filter((id) => id !== null);
  return {
    action,
    conditions: { ...conditionsOf(others), deliveryIds: deliveryIds ?? null },
    asOf: asOf === undefined ? null : parseTime(asOf),
  };
}

function countJson({ target, total, matching, endpoints, sample }: BulkCount): Static<typeof CountResponse> {
  return {
    action: target.action,
    dry_run: true,
    as_of: milliseconds(target.asOf),
    total,
    unchanged: matching - total,
    endpoints: endpoints.map(({ id, name, count }) => ({
      endpoint_id: ID_PREFIX.endpoint + id,
      endpoint_name: name,
      count,
    })),
    sample: sample.map(deliveryJson),
  };
}

/** `GET /v1/deliveries`: the list's query, its page, and its two kinds of cursors. */
import type { FastifyReply, FastifyRequest } from "fastify";
import Type, { type Static } from "typebox";
import { LIST_PAGE_DEFAULT, LIST_PAGE_MAX } from "../../domain/limits.ts";
import { milliseconds, parseTime } from "../../domain/text/time.ts";
import type { ListDeliveriesInput } from "../../engine/history/history-types.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid } from "../errors/problem.ts";
import { refuse } from "../errors/v1-errors.ts";
import { sealCursor } from "../lists/cursor.ts";
import { listOf, NextPageFields, type PageRequestOf } from "../lists/pages.ts";
import { conditionsOf, FilterFields } from "./delivery-filter.ts";
import { DeliveryResponse, deliveryJson } from "./delivery-wire.ts";

const SORTS = ["-created_at", "created_at", "-attempts", "attempts"] as const;

const OPTIONS = {
  limitMax: LIST_PAGE_MAX,
  limitDefault: LIST_PAGE_DEFAULT,
  filters: {
    ...FilterFields,
    sort: Type.Optional(Type.Enum([...SORTS], { default: "-created_at", description: "`-` is descending." })),
    count: Type.Optional(
      Type.Boolean({
        default: false,
        description: "Also count all matching deliveries, exactly: `total` and `as_of`.",
      }),
    ),
    as_of: Type.Optional(
      Type.String({
        format: "date-time",
        description: "Ignores deliveries created after this time. Pass the `as_of` of the first page.",
      }),
    ),
  },
};
export const DELIVERY_LIST = listOf("deliveries", OPTIONS);
/** A cursor of one order is refused in the other. */
const BY_ATTEMPTS = listOf("deliveries-by-attempts", OPTIONS);

export const DeliveriesResponse = Type.Object(
  {
    results: Type.Array(DeliveryResponse),
    ...NextPageFields,
    total: Type.Optional(Type.Integer({ description: "With `count`: how many deliveries match." })),
    as_of: Type.Optional(
      Type.String({
        format: "date-time",
        description: "With `count` or `as_of`. Pass it for further pages, and to bulk actions on what was counted.",
      }),
    ),
  },
  { title: "DeliveryPage" },
);

export function listDeliveries({ engine }: ApiDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { sort } = request.query as { sort?: unknown };
    const list = sort === "attempts" || sort === "-attempts" ? BY_ATTEMPTS : DELIVERY_LIST;
    const query = list.parse(request.query);
    if (query.kind === "faults") return refuse(reply, invalid(query.faults));
    const { rows, next, total, asOf } = await engine.history.listDeliveries(request.caller, listInput(query.value));
    const cursor = next === null ? null : sealCursor(engine, list.name, next);
    return reply.send({
      results: rows.map(deliveryJson),
      has_more: cursor !== null,
      next_cursor: cursor,
      ...(total !== null && { total }),
      ...(asOf !== null && { as_of: milliseconds(asOf) }),
    } satisfies Static<typeof DeliveriesResponse>);
  };
}

function listInput({ cursor, limit, filters }: PageRequestOf<typeof DELIVERY_LIST>): ListDeliveriesInput {
  const { sort = "-created_at", count = false, as_of: asOf, ...filter } = filters;
  return {
    conditions: conditionsOf(filter),
    order: {
      by: sort.endsWith("attempts") ? "attempts" : "createdAt",
      direction: sort.startsWith("-") ? "desc" : "asc",
    },
    cursor,
    limit,
    count,
    asOf: asOf === undefined ? null : parseTime(asOf),
  };
}

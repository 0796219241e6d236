/** The tools of the scope `operate`: single acts. */
import Type from "typebox";
import { AGENT_REPLAYED_DELIVERIES_MAX } from "../../domain/limits.ts";
import { PublishedResponse } from "../delivery/event-wire.ts";
import { DeliveryResponse } from "../history/delivery-wire.ts";
import { pathOf, REACHES, type Tool, tool, withText } from "./tool.ts";

const STRICT = { additionalProperties: false } as const;
const AnyObject = Type.Object({}, { additionalProperties: true });

const PUBLISH_EVENT = tool({
  name: "publish_event",
  title: "Publish an event",
  description: "Publish one event to every endpoint whose filter matches, or to the endpoints that you name.",
  scopes: ["operate"],
  annotations: REACHES,
  input: Type.Object(
    {
      type: Type.String(),
      payload: AnyObject,
      endpoint_ids: Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: AGENT_REPLAYED_DELIVERIES_MAX })),
      idempotency_key: Type.Optional(Type.String({ description: "Repeating the call with it publishes only once." })),
    },
    STRICT,
  ),
  output: PublishedResponse,
  async run({ payload: _, ...fields }, { call, textOf }) {
    const body = withText(fields, "payload", textOf("payload"));
    return (await call({ method: "POST", path: "/v1/events", body })) as never;
  },
});

const SEND_TEST = tool({
  name: "send_test",
  title: "Send a test to an endpoint",
  description: "Send a test event to an endpoint now, and return its response.",
  scopes: ["operate"],
  annotations: REACHES,
  input: Type.Object({ endpoint_id: Type.String() }, STRICT),
  output: Type.Object({ success: Type.Boolean(), data: AnyObject }, { additionalProperties: true }),
  run: async ({ endpoint_id: id }, { call }) =>
    (await call({ method: "POST", path: `${pathOf("endpoints", id)}/test` })) as never,
});

const RETRY_DELIVERY = tool({
  name: "retry_delivery",
  title: "Retry a delivery",
  description: "Queue a FAILED, EXPIRED or CANCELLED delivery again.",
  scopes: ["operate"],
  annotations: REACHES,
  input: Type.Object({ delivery_id: Type.String() }, STRICT),
  output: DeliveryResponse,
  run: async ({ delivery_id: id }, { call }) =>
    (await call({ method: "POST", path: `${pathOf("deliveries", id)}/retry` })) as never,
});

export const OPERATE_TOOLS: readonly Tool[] = [PUBLISH_EVENT, SEND_TEST, RETRY_DELIVERY];

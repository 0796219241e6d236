/** `/v1/webhooks` on the wire: endpoints as the pauses surface shows them. */
import Type, { type Static } from "typebox";
import { chosenStatus, type Endpoint } from "../../domain/endpoints/endpoint.ts";
import { WEBHOOK_PREFIX } from "../../domain/ids.ts";
import { ENDPOINT_URL_CHARS_MAX } from "../../domain/limits.ts";
import { wholeSeconds } from "../../domain/text/time.ts";
import type { CreateEndpointInput } from "../../engine/endpoints/endpoint-types.ts";
import { checker, converted } from "../schema/check.ts";
import { Secret, secretRules, Time } from "../schema/schemas.ts";

const PAUSE_EVENTS = ["pause.responded", "pause.timed_out", "pause.cancelled"] as const;

export const CreateWebhookBody = Type.Object(
  {
    url: Type.String({ minLength: 1, maxLength: ENDPOINT_URL_CHARS_MAX, format: "url" }),
    events: Type.Array(Type.Enum([...PAUSE_EVENTS]), { minItems: 1, maxItems: PAUSE_EVENTS.length }),
    secret: Secret,
  },
  {
    title: "PauseWebhookInput",
    additionalProperties: false,
    examples: [
      {
        url: "https://agent.example.com/decisions",
        events: ["pause.responded"],
        secret: "a secret of 16 characters or more",
      },
    ],
  },
);
export const parseCreateWebhook = converted(checker(CreateWebhookBody, secretRules), createInput);

export const WebhookResponse = Type.Object(
  {
    id: Type.String(),
    url: Type.String(),
    events: Type.Array(Type.String()),
    active: Type.Boolean(),
    created_at: Time,
  },
  { title: "PauseWebhook" },
);
export const WebhooksResponse = Type.Object({ webhooks: Type.Array(WebhookResponse) }, { title: "PauseWebhookList" });

function createInput(body: Static<typeof CreateWebhookBody>): CreateEndpointInput {
  return {
    createdThrough: "pauses",
    settings: { url: body.url, name: null, eventTypes: [...new Set(body.events)] },
    secret: body.secret,
  };
}

export function webhookJson(endpoint: Endpoint): Static<typeof WebhookResponse> {
  return {
    id: WEBHOOK_PREFIX + endpoint.id,
    url: endpoint.url,
    events: endpoint.eventTypes === null ? ["*"] : [...endpoint.eventTypes],
    active: chosenStatus(endpoint) === "ACTIVE",
    created_at: wholeSeconds(endpoint.createdAt),
  };
}

/** `/dashboard/webhooks` on the wire: endpoints as the dashboard shows them. */
import Type, { type Static } from "typebox";
import { chosenStatus, type Endpoint } from "../../domain/endpoints/endpoint.ts";
import { WEBHOOK_PREFIX } from "../../domain/ids.ts";
import { ENDPOINT_DESCRIPTION_CHARS_MAX, ENDPOINT_URL_CHARS_MAX, LIST_PAGE_MAX } from "../../domain/limits.ts";
import { milliseconds, millisecondsOrNull } from "../../domain/text/time.ts";
import type { CreateEndpointInput, PatchEndpointInput } from "../../engine/endpoints/endpoint-types.ts";
import type { EndpointOffsetPage, EndpointView } from "../../ports/store.ts";
import { WEBHOOK_ROWS_DEFAULT } from "../http/limits.ts";
import { checker, converted } from "../schema/check.ts";
import { queryChecker } from "../schema/query.ts";
import { Nullable, Time } from "../schema/schemas.ts";

export const CreateWebhookBody = Type.Object(
  {
    url: Type.String({ minLength: 1, maxLength: ENDPOINT_URL_CHARS_MAX, format: "url" }),
    description: Type.Optional(Nullable(Type.String({ maxLength: ENDPOINT_DESCRIPTION_CHARS_MAX, format: "prose" }))),
  },
  { title: "DashboardWebhookInput", additionalProperties: false, examples: [{ url: "https://shop.example.com/hook" }] },
);
export const parseCreateWebhook = converted(checker(CreateWebhookBody), createInput);

export const ToggleBody = Type.Object(
  { enabled: Type.Optional(Type.Boolean({ description: "The new state. Without it, the webhook is toggled." })) },
  { title: "DashboardToggleInput", additionalProperties: false, examples: [{ enabled: false }] },
);
export const parseToggle = converted(checker(ToggleBody), toggleInput);

export const WebhooksQuery = Type.Object(
  {
    page: Type.Optional(Type.Integer({ minimum: 1, default: 1 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIST_PAGE_MAX, default: WEBHOOK_ROWS_DEFAULT })),
  },
  { additionalProperties: false },
);
export const checkWebhooksQuery = queryChecker(WebhooksQuery);

const Success = Type.Literal(true);
const WebhookFields = { id: Type.String(), url: Type.String(), enabled: Type.Boolean(), createdAt: Time };
const LastTriggered = Nullable(Type.String({ format: "date-time", description: "The start of the latest attempt." }));
const Description = Nullable(Type.String());

export const CreatedWebhookResponse = Type.Object(
  {
    success: Success,
    data: Type.Object({
      id: Type.String(),
      url: Type.String(),
      secret: Type.String({ description: "It is never shown again." }),
      enabled: Type.Boolean(),
      createdAt: Time,
    }),
    message: Type.String(),
  },
  { title: "CreatedDashboardWebhook" },
);
export const WebhookResponse = Type.Object(
  {
    success: Success,
    data: Type.Object({ ...WebhookFields, lastTriggered: LastTriggered, description: Description }),
  },
  { title: "DashboardWebhook" },
);
export const WebhooksResponse = Type.Object(
  {
    success: Success,
    data: Type.Object({
      webhooks: Type.Array(
        Type.Object({
          ...WebhookFields,
          lastTriggered: LastTriggered,
          successCount: Type.Integer({ description: "Successful attempts since creation, including tests." }),
          failureCount: Type.Integer(),
          description: Description,
        }),
      ),
      pagination: Type.Object({
        page: Type.Integer(),
        limit: Type.Integer(),
        total: Type.Integer(),
        totalPages: Type.Integer(),
      }),
    }),
  },
  { title: "DashboardWebhookPage" },
);
export const ToggledResponse = Type.Object(
  {
    success: Success,
    data: Type.Object({ id: Type.String(), enabled: Type.Boolean() }),
  },
  { title: "DashboardToggleResult" },
);
export const TestedResponse = Type.Object(
  {
    success: Type.Literal(true, { description: "The server sent the test." }),
    data: Type.Object({
      success: Type.Boolean({ description: "The webhook accepted the test." }),
      httpStatus: Nullable(Type.Integer()),
      message: Type.String(),
    }),
  },
  { title: "DashboardTestResult" },
);
export const DeletedResponse = Type.Object(
  { success: Success, message: Type.String() },
  { title: "DashboardDeleteResult" },
);
function createInput({ url, description = null }: Static<typeof CreateWebhookBody>): CreateEndpointInput {
  return { createdThrough: "dashboard", settings: { url, name: null, description }, secret: null };
}

function toggleInput({ enabled }: Static<typeof ToggleBody>): PatchEndpointInput {
  return { status: enabled === undefined ? "toggle" : enabled ? "ACTIVE" : "DISABLED" };
}

function webhookFields(endpoint: Endpoint) {
  return {
    id: WEBHOOK_PREFIX + endpoint.id,
    url: endpoint.url,
    enabled: isEnabled(endpoint),
    createdAt: milliseconds(endpoint.createdAt),
  };
}

function isEnabled(endpoint: Endpoint): boolean {
  return chosenStatus(endpoint) === "ACTIVE";
}

export function createdJson(endpoint: Endpoint, generatedSecret: string | null): Static<typeof CreatedWebhookResponse> {
  const { id, url, enabled, createdAt } = webhookFields(endpoint);
  return {
    success: true,
    data: { id, url, secret: generatedSecret ?? "", enabled, createdAt },
    message: "Webhook created successfully. Save your secret securely - it won't be shown again.",
  };
}

export function webhookJson({ endpoint, lastAttemptAt }: EndpointView): Static<typeof WebhookResponse> {
  const { description } = endpoint;
  return {
    success: true,
    data: { ...webhookFields(endpoint), lastTriggered: millisecondsOrNull(lastAttemptAt), description },
  };
}

export function webhooksJson(
  { views, total }: EndpointOffsetPage,
  { page, limit }: { readonly page: number; readonly limit: number },
): Static<typeof WebhooksResponse> {
  const webhooks = views.map(({ endpoint, lastAttemptAt, successCount, failureCount }) => ({
    ...webhookFields(endpoint),
    lastTriggered: millisecondsOrNull(lastAttemptAt),
    successCount,
    failureCount,
    description: endpoint.description,
  }));
  return {
    success: true,
    data: { webhooks, pagination: { page, limit, total, totalPages: Math.ceil(total / limit) } },
  };
}

export function toggledJson({ endpoint }: EndpointView): Static<typeof ToggledResponse> {
  return { success: true, data: { id: WEBHOOK_PREFIX + endpoint.id, enabled: isEnabled(endpoint) } };
}

export const DELETED: Static<typeof DeletedResponse> = { success: true, message: "Webhook deleted successfully." };

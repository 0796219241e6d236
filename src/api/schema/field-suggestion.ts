/** Suggests the field that an unknown one means: a typo, another notation, or the name in another product. */
import { nearest } from "../../domain/text/nearest.ts";
import { describeSchema, type SchemaNode } from "./describe.ts";

/**
 * Names that other webhook services use, or that people remember wrongly. The first of the given fields that the request
 * has is suggested.
 */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  active: ["status"],
  body: ["payload", "message"],
  callback_url: ["url"],
  channels: ["event_types", "channel"],
  choices: ["options"],
  content: ["payload", "message"],
  custom_headers: ["headers_json"],
  data: ["payload", "metadata"],
  default: ["timeout_default"],
  deliveries: ["delivery_ids"],
  delivery_id: ["delivery_ids"],
  destination: ["url"],
  disabled: ["status"],
  enabled: ["status"],
  enabled_events: ["event_types", "events"],
  endpoint: ["endpoint_id", "endpoint_ids", "url"],
  endpoint_id: ["endpoint_ids"],
  endpoint_url: ["url"],
  endpoints: ["endpoint_ids"],
  event: ["type", "event_type", "event_types", "events"],
  event_id: ["idempotency_key"],
  event_name: ["type", "event_type"],
  event_type: ["type", "event_types", "event", "events"],
  event_types: ["events"],
  events: ["event_types"],
  expires_in: ["expires_in_seconds"],
  filter_types: ["event_types", "events"],
  headers: ["headers_json"],
  idempotency: ["idempotency_key"],
  login: ["email", "username"],
  message: ["payload", "text"],
  pass: ["password"],
  paused: ["status"],
  prompt: ["message"],
  question: ["message"],
  rate_limit: ["rate_limit_per_second"],
  retries: ["retry_schedule_seconds"],
  retry_policy: ["retry_schedule_seconds"],
  retry_schedule: ["retry_schedule_seconds"],
  signing_secret: ["secret"],
  state: ["status"],
  target_url: ["url"],
  timeout: ["timeout_seconds", "expires_in_seconds", "timeout_hours"],
  timeout_ms: ["timeout_seconds"],
  to: ["recipient"],
  topic: ["type", "event_types"],
  topics: ["event_types", "events"],
  user: ["email", "username"],
  username: ["email"],
  webhook_url: ["url"],
};

/** Names for the state of an endpoint, which the request that creates it does not choose. */
const STATE_NAMES = new Set(["active", "disabled", "enabled", "paused", "state", "status"]);

/** Text that follows "is not a field of this request". Empty without a suggestion. */
export function suggestField(name: string, holder: SchemaNode): string {
  const known = Object.keys(holder.properties ?? {});
  const normalized = snakeCase(name);
  const sameName = known.find((one) => snakeCase(one) === normalized);
  if (sameName !== undefined) return didYouMean(sameName);
  const ownName = Object.hasOwn(OTHER_NAMES, normalized)
    ? OTHER_NAMES[normalized]?.find((one) => known.includes(one))
    : undefined;
  if (ownName !== undefined)
    return `; use "${ownName}", which must be ${describeSchema(holder.properties?.[ownName] ?? {})}`;
  if (STATE_NAMES.has(normalized) && known.includes("url"))
    return "; a new endpoint is active, and can be paused later";
  const similar = nearest(name, known);
  return similar === null ? "" : didYouMean(similar);
}

function didYouMean(name: string): string {
  return `; did you mean "${name}"?`;
}

/** Converts `eventTypes`, `EventTypes` and `event-types` to `event_types`. */
function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll("-", "_")
    .toLowerCase();
}

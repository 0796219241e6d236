/** What an unknown field was meant to be: a typing slip, another spelling, or what another product calls it. */
import { nearest } from "../../domain/text/nearest.ts";
import { describeSchema, type SchemaNode } from "./describe.ts";

/**
 * What people write who come from other webhook services or from memory, and our names for it; the first one that the
 * request knows is meant.
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

/** Words that follow "is not a field of this request"; empty when nothing is near. */
export function suggestField(name: string, holder: SchemaNode): string {
  const known = Object.keys(holder.properties ?? {});
  const plain = snakeCase(name);
  const respelled = known.find((one) => snakeCase(one) === plain);
  if (respelled !== undefined) return didYouMean(respelled);
  const ours = Object.hasOwn(OTHER_NAMES, plain) ? OTHER_NAMES[plain]?.find((one) => known.includes(one)) : undefined;
  if (ours !== undefined) return `; use "${ours}", which must be ${describeSchema(holder.properties?.[ours] ?? {})}`;
  const meant = nearest(name, known);
  return meant === null ? "" : didYouMean(meant);
}

function didYouMean(name: string): string {
  return `; did you mean "${name}"?`;
}

/** `eventTypes`, `EventTypes` and `event-types` are `event_types`. */
function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll("-", "_")
    .toLowerCase();
}

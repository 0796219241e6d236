/** `/v1/endpoints` on the wire. */
import Type, { type Static, type TInteger } from "typebox";
import { isReservedEventType } from "../../domain/delivery/event.ts";
import { parseStoredHeaders } from "../../domain/delivery/stored-headers.ts";
import type { Endpoint, EndpointSettings } from "../../domain/endpoints/endpoint.ts";
import { chosenStatus, endpointDefaults, FORMATS } from "../../domain/endpoints/endpoint.ts";
import { ENDPOINT_STATES, type EndpointState } from "../../domain/endpoints/endpoint-state.ts";
import type { Fault } from "../../domain/errors.ts";
import { ID_PREFIX, parseId } from "../../domain/ids.ts";
import {
  ENDPOINT_DESCRIPTION_CHARS_MAX,
  ENDPOINT_NAME_CHARS_MAX,
  ENDPOINT_URL_CHARS_MAX,
  ENDPOINTS_PAGE_MAX,
  EVENT_FILTERS_MAX,
  EVENT_TYPE_CHARS_MAX,
  MAX_IN_FLIGHT_MAX,
  PAYLOAD_BYTES_MAX,
  RATE_LIMIT_PER_SECOND_MAX,
  RETRIES_MAX,
  RETRY_WAIT_SECONDS_MAX,
  ROTATE_OVERLAP_SECONDS_DEFAULT,
  ROTATE_OVERLAP_SECONDS_MAX,
  TIMEOUT_SECONDS_MAX,
} from "../../domain/limits.ts";
import { customHeaderFaults } from "../../domain/text/headers.ts";
import { wholeSeconds, wholeSecondsOrNull } from "../../domain/text/time.ts";
import type {
  CreateEndpointInput,
  EndpointActivity,
  EndpointSearch,
  PatchEndpointInput,
  SentTest,
  TestContent,
  TestOutput,
} from "../../engine/endpoints/endpoint-types.ts";
import type { EndpointView, ListenerState } from "../../ports/store.ts";
import { listOf, type PageRequestOf } from "../lists/pages.ts";
import { type Checked, checker, converted } from "../schema/check.ts";
import { HeadersResponse, headersJson, TimingsResponse, timingsJson } from "../schema/exchange.ts";
import { IdText, NameText, Nullable, Secret, secretRules, Time } from "../schema/schemas.ts";
import { activityJson, EndpointActivityFields, UNUSED } from "./endpoint-activity-wire.ts";

const Url = Type.String({ minLength: 1, maxLength: ENDPOINT_URL_CHARS_MAX, format: "url" });

const FormatName = Type.Enum([...FORMATS], { title: "Format" });
const StatusName = Type.Enum(["ACTIVE", "PAUSED", "DISABLED"], { title: "EndpointStatus" });
const DEFAULTS = endpointDefaults("endpoints");

/** The settings that an endpoint with a URL and a listener have in common. */
export const SETTINGS = {
  name: Type.Optional(NameText(ENDPOINT_NAME_CHARS_MAX)),
  secret: Type.Optional(Secret),
  headers_json: Type.Optional(Type.Record(Type.String(), Type.String())),
  timeout_seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: TIMEOUT_SECONDS_MAX })),
  description: Type.Optional(Nullable(Type.String({ maxLength: ENDPOINT_DESCRIPTION_CHARS_MAX, format: "prose" }))),
  event_types: Type.Optional(
    Nullable(Type.Array(Type.String({ format: "event-filter" }), { minItems: 1, maxItems: EVENT_FILTERS_MAX })),
  ),
  format: Type.Optional(FormatName),
  retry_schedule_seconds: Type.Optional(
    Type.Array(Type.Integer({ minimum: 1, maximum: RETRY_WAIT_SECONDS_MAX }), { minItems: 0, maxItems: RETRIES_MAX }),
  ),
  rate_limit_per_second: Type.Optional(Nullable(Type.Integer({ minimum: 1, maximum: RATE_LIMIT_PER_SECOND_MAX }))),
  max_in_flight: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_IN_FLIGHT_MAX })),
  ordered: Type.Optional(Type.Boolean()),
};

/** A new endpoint has these defaults. They are not in the schema of PATCH, which changes only the fields in its body. */
const createDefaults = {
  timeout_seconds: Type.Optional(
    Type.Integer({ minimum: 1, maximum: TIMEOUT_SECONDS_MAX, default: DEFAULTS.timeoutSeconds }),
  ),
  max_in_flight: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_IN_FLIGHT_MAX, default: DEFAULTS.maxInFlight })),
  ordered: Type.Optional(Type.Boolean({ default: DEFAULTS.ordered })),
  retry_schedule_seconds: Type.Optional(
    Type.Array(Type.Integer({ minimum: 1, maximum: RETRY_WAIT_SECONDS_MAX }), {
      minItems: 0,
      maxItems: RETRIES_MAX,
      default: [...DEFAULTS.retryScheduleSeconds],
    }),
  ),
};

export const CreateEndpointBody = Type.Object(
  { url: Url, ...SETTINGS, ...createDefaults },
  {
    title: "EndpointInput",
    additionalProperties: false,
    examples: [{ url: "https://shop.example.com/hook", event_types: ["order.*"], format: "standard" }],
  },
);
export const PatchEndpointBody = Type.Object(
  { url: Type.Optional(Url), ...SETTINGS, status: Type.Optional(Type.Enum(["ACTIVE", "PAUSED"])) },
  { title: "EndpointPatch", additionalProperties: false, examples: [{ status: "PAUSED" }] },
);
export const RotateSecretBody = Type.Object(
  {
    secret: Type.Optional(Secret),
    overlap_seconds: Type.Optional(
      Type.Integer({ minimum: 0, maximum: ROTATE_OVERLAP_SECONDS_MAX, default: ROTATE_OVERLAP_SECONDS_DEFAULT }),
    ),
  },
  { title: "RotateSecretInput", additionalProperties: false, examples: [{ overlap_seconds: 3600 }] },
);
export const TestBody = Type.Object(
  {
    event_type: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: EVENT_TYPE_CHARS_MAX,
        format: "event-type",
        description: "`test` by default. A test of another type is recorded as an ordinary delivery without retries.",
      }),
    ),
    payload: Type.Optional(Type.Object({}, { additionalProperties: true, description: "A short message by default." })),
    event_id: Type.Optional(
      Type.String({ format: "event-id", description: "Sends the type and payload of this event as a new event." }),
    ),
  },
  { title: "TestInput", additionalProperties: false, examples: [{ event_type: "order.paid", payload: { id: 1 } }] },
);
export const RecoverBody = Type.Object(
  { since: Time },
  { title: "RecoverInput", additionalProperties: false, examples: [{ since: "2026-01-31T12:00:00Z" }] },
);
const StateName = Type.Enum([...ENDPOINT_STATES]);
export const ENDPOINT_LIST = listOf("endpoints", {
  limitMax: ENDPOINTS_PAGE_MAX,
  filters: {
    state: Type.Optional(
      Type.Array(StateName, {
        minItems: 1,
        maxItems: ENDPOINT_STATES.length,
        description: "What the endpoint is doing now: `health.state`. Repeat the parameter for several.",
      }),
    ),
    q: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: ENDPOINT_NAME_CHARS_MAX,
        description: "A part of the name or the URL, in any case.",
      }),
    ),
    event_type: Type.Optional(
      Type.String({ format: "event-type", description: "Endpoints that take events of this type." }),
    ),
  },
});

/** Null when nothing is filtered. */
export function endpointSearch({
  state,
  q,
  event_type: eventType,
}: PageRequestOf<typeof ENDPOINT_LIST>["filters"]): EndpointSearch | null {
  if (state === undefined && q === undefined && eventType === undefined) return null;
  return { states: state ?? null, text: q ?? null, eventType: eventType ?? null };
}

export const EndpointCountsResponse = Type.Object(
  {
    total: Type.Integer(),
    states: Type.Object(
      Object.fromEntries(ENDPOINT_STATES.map((state) => [state, Type.Integer()])) as Record<EndpointState, TInteger>,
      { description: "How many endpoints have each `health.state` now." },
    ),
  },
  { title: "EndpointCounts" },
);

export function endpointCountsJson(
  states: Readonly<Record<EndpointState, number>>,
): Static<typeof EndpointCountsResponse> {
  return { total: Object.values(states).reduce((sum, count) => sum + count, 0), states };
}

export const SETTING_RULES = { headers_json: customHeaderFaults, ...secretRules };
export const parseCreate = converted(checker(CreateEndpointBody, SETTING_RULES), createInput);
export const parsePatch = converted(checker(PatchEndpointBody, SETTING_RULES), patchInput);
const checkTest = checker(TestBody);
export const checkRotate = checker(RotateSecretBody, secretRules);
export const checkRecover = checker(RecoverBody);

/** @param payload the payload's text; null without one */
export function parseTest(value: unknown, payload: string | null): Checked<TestContent> {
  const checked = checkTest(value);
  if (checked.kind === "faults") return checked;
  const { event_type: type, event_id: id } = checked.value;
  const faults: Fault[] = [];
  if (type !== undefined && type !== "test" && isReservedEventType(type)) faults.push(RESERVED_TEST);
  if (payload !== null && Buffer.byteLength(payload) > PAYLOAD_BYTES_MAX) {
    faults.push({ field: "payload", rule: `must be at most ${PAYLOAD_BYTES_MAX} bytes` });
  }
  if (id !== undefined && (type !== undefined || payload !== null)) faults.push(TWO_CONTENTS);
  if (faults.length > 0) return { kind: "faults", faults };
  const eventId = id === undefined ? null : parseId(ID_PREFIX.event, id);
  if (eventId !== null) return { kind: "ok", value: { kind: "event", eventId } };
  return { kind: "ok", value: { kind: "own", type: type ?? null, payload } };
}

const RESERVED_TEST: Fault = {
  field: "event_type",
  rule: "must not be one that Signalbox publishes itself; use event_id to send an event that it published",
};
const TWO_CONTENTS: Fault = { field: "event_id", rule: "must be left out with event_type or payload" };

function createInput(body: Static<typeof CreateEndpointBody>): CreateEndpointInput {
  return {
    createdThrough: "endpoints",
    settings: { ...settingsOf(body), url: body.url, name: body.name ?? null },
    secret: body.secret ?? null,
  };
}

function patchInput(body: Static<typeof PatchEndpointBody>): PatchEndpointInput {
  const changed = settingsOf(body);
  return {
    ...(Object.keys(changed).length > 0 && { settings: changed }),
    ...(body.status !== undefined && { status: body.status }),
    ...(body.secret !== undefined && { secret: body.secret }),
  };
}

/** The settings that the body has. Others keep their values, or get their defaults. */
export function settingsOf(body: Static<typeof PatchEndpointBody>): Partial<EndpointSettings> {
  return {
    ...(body.name !== undefined && { name: body.name }),
    ...(body.url !== undefined && { url: body.url }),
    ...(body.description !== undefined && { description: body.description }),
    ...(body.event_types !== undefined && { eventTypes: body.event_types }),
    ...(body.format !== undefined && { format: body.format }),
    ...(body.headers_json !== undefined && { headers: body.headers_json }),
    ...(body.timeout_seconds !== undefined && { timeoutSeconds: body.timeout_seconds }),
    ...(body.retry_schedule_seconds !== undefined && { retryScheduleSeconds: body.retry_schedule_seconds }),
    ...(body.rate_limit_per_second !== undefined && { rateLimitPerSecond: body.rate_limit_per_second }),
    ...(body.max_in_flight !== undefined && { maxInFlight: body.max_in_flight }),
    ...(body.ordered !== undefined && { ordered: body.ordered }),
  };
}

const ListenerStateResponse = Type.Object(
  {
    connected: Type.Boolean({ description: "Whether a program listens now." }),
    reader: Nullable(Type.String({ description: "Who listens, or did last, such as `ada@laptop`." })),
    connected_at: Nullable(Time),
    seen_at: Nullable(
      Type.String({ format: "date-time", description: "When somebody listened last. Null before the first time." }),
    ),
  },
  { title: "ListenerState", description: "Null for an endpoint with a URL." },
);

function listenerJson(state: ListenerState | null): Static<typeof ListenerStateResponse> | null {
  if (state === null) return null;
  const { isConnected, reader, connectedAt, seenAt } = state;
  return {
    connected: isConnected,
    reader,
    connected_at: wholeSecondsOrNull(connectedAt),
    seen_at: reader === null ? null : wholeSeconds(seenAt),
  };
}

const EndpointFields = {
  id: IdText(ID_PREFIX.endpoint),
  name: Type.String(),
  url: Type.String({ description: "A listener has no URL: it reads `listener:` and its name, and cannot be changed." }),
  transport: Type.Enum(["http", "stream"], { description: "`stream`: a listener, see `/v1/listeners`." }),
  listener: Nullable(ListenerStateResponse),
  headers_json: Type.Record(Type.String(), Type.String(), {
    description: "For a viewer, each value is `[redacted]`.",
  }),
  timeout_seconds: Type.Integer(),
  status: StatusName,
  paused_at: Nullable(Time),
  created_at: Time,
  updated_at: Time,
  description: Nullable(Type.String()),
  event_types: Nullable(Type.Array(Type.String())),
  format: FormatName,
  retry_schedule_seconds: Type.Array(Type.Integer()),
  rate_limit_per_second: Nullable(Type.Integer()),
  max_in_flight: Type.Integer(),
  ordered: Type.Boolean(),
  waiting: Type.Object({ count: Type.Integer(), more: Type.Boolean() }),
  disabled_reason: Nullable(Type.Enum(["gone", "no_success", "manual"])),
  ...EndpointActivityFields,
};

export const EndpointResponse = Type.Object(EndpointFields, { title: "Endpoint" });
export const CreatedEndpointResponse = Type.Object(
  {
    ...EndpointFields,
    secret: Type.Optional(
      Type.String({ description: "Present only if the server generated it. It is never shown again." }),
    ),
  },
  { title: "CreatedEndpoint" },
);
export const RotateSecretResponse = Type.Object(
  { secret: Type.Optional(Type.String()), previous_expires_at: Time },
  { title: "RotatedSecret" },
);
export const TestResponse = Type.Object(
  {
    success: Type.Boolean({ description: "The server sent the test." }),
    data: Type.Object({
      success: Type.Boolean({ description: "The endpoint accepted the test." }),
      httpStatus: Nullable(Type.Integer()),
      message: Type.String(),
      delivery_id: Nullable(
        Type.String({ description: "The delivery that recorded the test. Null: nothing was sent." }),
      ),
      latency_ms: Nullable(Type.Integer()),
      timings: Nullable(TimingsResponse),
      response_headers: Nullable(HeadersResponse),
      response_body: Nullable(Type.String({ description: "The beginning of the response's body." })),
    }),
  },
  { title: "EndpointTestResult" },
);
export const RecoverResponse = Type.Object({ job_id: IdText(ID_PREFIX.job) }, { title: "StartedJob" });

export function testJson({ success, httpStatus, message, sent }: TestOutput): Static<typeof TestResponse> {
  return { success: true, data: { success, httpStatus, message, ...(sent === null ? NOT_SENT : sentJson(sent)) } };
}

const NOT_SENT = { delivery_id: null, latency_ms: null, timings: null, response_headers: null, response_body: null };

function sentJson({ deliveryId, latencyMs, timings, responseHeaders, responseBody }: SentTest) {
  return {
    delivery_id: ID_PREFIX.delivery + deliveryId,
    latency_ms: latencyMs,
    timings: timings && timingsJson(timings, latencyMs),
    response_headers: responseHeaders === null ? null : headersJson(parseStoredHeaders(responseHeaders).headers),
    response_body: responseBody,
  };
}

export function createdEndpointJson(
  endpoint: Endpoint,
  generatedSecret: string | null,
  activity: EndpointActivity,
): Static<typeof CreatedEndpointResponse> {
  const secret = generatedSecret === null ? {} : { secret: generatedSecret };
  return { ...endpointViewJson({ ...UNUSED, endpoint }, activity), ...secret };
}

export function endpointViewJson(view: EndpointView, activity: EndpointActivity): Static<typeof EndpointResponse> {
  const { endpoint, waiting } = view;
  return {
    id: ID_PREFIX.endpoint + endpoint.id,
    name: endpoint.name,
    url: endpoint.url,
    headers_json: { ...endpoint.headers },
    timeout_seconds: endpoint.timeoutSeconds,
    transport: endpoint.transport,
    listener: listenerJson(view.listener),
    status: chosenStatus(endpoint),
    paused_at: wholeSecondsOrNull(endpoint.pausedAt),
    created_at: wholeSeconds(endpoint.createdAt),
    updated_at: wholeSeconds(endpoint.updatedAt),
    description: endpoint.description,
    event_types: endpoint.eventTypes === null ? null : [...endpoint.eventTypes],
    format: endpoint.format,
    retry_schedule_seconds: [...endpoint.retryScheduleSeconds],
    rate_limit_per_second: endpoint.rateLimitPerSecond,
    max_in_flight: endpoint.maxInFlight,
    ordered: endpoint.ordered,
    waiting: { count: waiting.count, more: waiting.more },
    disabled_reason: endpoint.disabledReason,
    ...activityJson(view, activity),
  };
}

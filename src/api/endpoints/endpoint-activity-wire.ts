/** What `/v1/endpoints` shows of an endpoint's health and backlog. */
import Type, { type Static } from "typebox";
import { HEALTHY } from "../../domain/delivery/health.ts";
import { ENDPOINT_STATES, endpointState } from "../../domain/endpoints/endpoint-state.ts";
import { wholeSeconds, wholeSecondsOrNull } from "../../domain/text/time.ts";
import type { EndpointActivity } from "../../engine/endpoints/endpoint-types.ts";
import type { EndpointView } from "../../ports/store.ts";
import { Nullable, Time } from "../schema/schemas.ts";

const LastFailure = Type.Object(
  {
    at: Time,
    classification: Type.String(),
    http_status: Nullable(Type.Integer()),
    error: Nullable(Type.String({ description: "What happened, when no response arrived." })),
  },
  { title: "LastFailure" },
);
const Health = Type.Object(
  {
    state: Type.Enum([...ENDPOINT_STATES]),
    failing_since: Nullable(
      Type.String({ format: "date-time", description: "The first failed attempt after the last success." }),
    ),
    rest_until: Nullable(
      Type.String({ format: "date-time", description: "No attempt before this time, after failures." }),
    ),
    wait_until: Nullable(
      Type.String({
        format: "date-time",
        description:
          "No attempt before this time: it sent Retry-After, or its earliest ordered delivery is retried then.",
      }),
    ),
    failure_streak: Type.Integer({ description: "Failures since the last success." }),
    window: Nullable(
      Type.Integer({
        description: "Attempts that the node that responds may have in flight now. Null when it is idle there.",
      }),
    ),
    in_flight: Type.Integer({
      description: "Attempts in flight. With several nodes, what the other nodes have leased counts, up to the limit.",
    }),
    rate: Type.Number({
      description: "Attempts per second, measured over one to two minutes. Of the node that responds.",
    }),
    last_success_at: Nullable(Time),
    last_failure: Nullable(LastFailure),
  },
  { title: "EndpointHealthNow" },
);
const Backlog = Type.Object(
  {
    oldest_at: Nullable(
      Type.String({ format: "date-time", description: "When the delivery at its front was created." }),
    ),
    bytes: Type.Integer({ description: "Payload bytes that arrived while the endpoint was held." }),
    drain_per_second: Type.Number({
      description: "Deliveries that end per second, measured over one to two minutes. Of the node that responds.",
    }),
    drained_at: Nullable(
      Type.String({
        format: "date-time",
        description: "When the backlog ends at this rate. Null when it does not end.",
      }),
    ),
  },
  { title: "EndpointBacklog" },
);

export const EndpointActivityFields = {
  previous_secret_expires_at: Nullable(
    Type.String({ format: "date-time", description: "Until then, deliveries carry the previous signature too." }),
  ),
  health: Health,
  backlog: Backlog,
};

/** The view of an endpoint that was just created. */
export const UNUSED: Omit<EndpointView, "endpoint"> = {
  waiting: { count: 0, more: false },
  leased: 0,
  lastAttemptAt: null,
  successCount: 0,
  failureCount: 0,
  lastSuccessAt: null,
  lastFailure: null,
  health: HEALTHY,
  failingSince: null,
  waitUntil: null,
  oldestAt: null,
  heldBytes: 0,
  listener: null,
};

const fields = Type.Object(EndpointActivityFields);

export function activityJson(view: EndpointView, activity: EndpointActivity): Static<typeof fields> {
  const { previous } = view.endpoint.secrets;
  return {
    previous_secret_expires_at:
      previous === null || previous.expiresAt <= activity.now ? null : wholeSeconds(previous.expiresAt),
    health: healthJson(view, activity),
    backlog: backlogJson(view, activity),
  };
}

function healthJson(
  view: EndpointView,
  { now, window, inFlight, attemptsPerSecond }: EndpointActivity,
): Static<typeof Health> {
  const { endpoint, health, failingSince, waitUntil, lastFailure } = view;
  return {
    state: endpointState({ ...endpoint, health, waitUntil }, now),
    failing_since: wholeSecondsOrNull(failingSince),
    rest_until: upcoming(health.restUntil, now),
    wait_until: upcoming(waitUntil, now),
    failure_streak: health.failureStreak,
    window,
    in_flight: inFlight,
    rate: perSecond(attemptsPerSecond),
    last_success_at: wholeSecondsOrNull(view.lastSuccessAt),
    last_failure:
      lastFailure === null
        ? null
        : {
            at: wholeSeconds(lastFailure.at),
            classification: lastFailure.classification,
            http_status: lastFailure.httpStatus,
            error: lastFailure.errorDetail,
          },
  };
}

function backlogJson(view: EndpointView, { now, endedPerSecond }: EndpointActivity): Static<typeof Backlog> {
  const { waiting, oldestAt, heldBytes, endpoint } = view;
  const drains = endpoint.status === "ACTIVE" && endedPerSecond > 0 && waiting.count > 0 && !waiting.more;
  return {
    oldest_at: wholeSecondsOrNull(oldestAt),
    bytes: heldBytes,
    drain_per_second: perSecond(endedPerSecond),
    drained_at: drains ? wholeSeconds(now + (waiting.count / endedPerSecond) * 1000) : null,
  };
}

function upcoming(at: number | null, now: number): string | null {
  return at === null || at <= now ? null : wholeSeconds(at);
}

/** With two decimals. */
function perSecond(rate: number): number {
  return Math.round(rate * 100) / 100;
}

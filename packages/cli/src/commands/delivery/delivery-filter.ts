/** The filters of lists of deliveries, as options. */
import type { DeliveryConditions } from "../../../../sdk/src/index.ts";
import { choices, eventFilter, text, texts, time, whole } from "../../options.ts";
import { STATUSES } from "./delivery-views.ts";

export const FILTER_OPTIONS = {
  status: choices("STATUS", STATUSES, "only deliveries in these states"),
  endpoint: texts("ID", "only deliveries to these endpoints", { completes: "endpoint" }),
  event: text("ID", "only deliveries of this event", { completes: "event" }),
  type: eventFilter("TYPE", "only this event type, or a prefix such as order.*"),
  search: text("TEXT", "an id, or the beginning of an event type"),
  from: time("TIME", "created since: a time, or 10m for ten minutes ago"),
  to: time("TIME", "created before"),
  httpStatus: text("STATUS", "the status of the latest attempt, such as 503 or 5xx"),
  classification: text("NAME", "the class of the latest attempt, such as connect_refused"),
  reason: text("REASON", "why the delivery ended, such as attempts_exhausted"),
  attemptsMin: whole("N", "at least this many attempts", { min: 0, max: 1_000_000 }),
};

export interface FilterGiven {
  readonly status: readonly (typeof STATUSES)[number][];
  readonly endpoint: readonly string[];
  readonly event: string | undefined;
  readonly type: string | undefined;
  readonly search: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly httpStatus: string | undefined;
  readonly classification: string | undefined;
  readonly reason: string | undefined;
  readonly attemptsMin: number | undefined;
}

/** The conditions that were given, by the names of the API. */
export function conditionsOf(given: FilterGiven): DeliveryConditions {
  const { status, endpoint, event, type, search, from, to, httpStatus, classification, reason, attemptsMin } = given;
  return {
    ...(status.length > 0 && { status }),
    ...(endpoint.length > 0 && { endpoint_id: endpoint }),
    ...(event !== undefined && { event_id: event }),
    ...(type !== undefined && { event_type: type }),
    ...(search !== undefined && { search }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(httpStatus !== undefined && { http_status: httpStatus }),
    ...(classification !== undefined && { classification }),
    ...(reason !== undefined && { terminal_reason: reason }),
    ...(attemptsMin !== undefined && { attempts_min: attemptsMin }),
  };
}

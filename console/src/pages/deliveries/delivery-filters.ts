/** The filters of the deliveries list: in the URL, for the API, and as a command. */
import { CLASSIFICATIONS, DELIVERY_STATES, TERMINAL_REASONS } from "@domain/delivery/delivery.ts";
import { EVENT_TYPE_CHARS_MAX } from "@domain/limits.ts";
import type { BulkInput, DeliveryFilter } from "@signalbox/sdk";
import { type FilterValues, instant, matching, oneOf, several, text } from "../../parts/list/filters.ts";

export const SORTS = ["-created_at", "created_at", "-attempts", "attempts"] as const;

const ID = /^[a-z]+_[0-9a-f-]{36}$/;

/** The same names as in the API. */
export const FILTERS = {
  search: text(EVENT_TYPE_CHARS_MAX),
  status: several(oneOf(DELIVERY_STATES)),
  endpoint_id: several(matching(ID)),
  event_id: matching(/^evt_[0-9a-f-]{36}$/),
  event_type: matching(/^[A-Za-z0-9_.-]+(?:\.\*)?$/),
  http_status: matching(/^[1-5](?:xx|\d\d)$/),
  classification: oneOf(CLASSIFICATIONS),
  terminal_reason: oneOf(TERMINAL_REASONS),
  attempts_min: matching(/^\d{1,6}$/),
  from: instant(),
  to: instant(),
  sort: oneOf(SORTS),
};

export type DeliveryFilterValues = FilterValues<typeof FILTERS>;

/** Everything but the order, with only what is set. */
export function conditionsOf(values: DeliveryFilterValues): BulkInput["filter"] {
  const { sort: _, ...conditions } = values;
  const given = Object.entries(conditions).filter(([, value]) => value !== undefined && value.length > 0);
  return {
    ...Object.fromEntries(given),
    ...(conditions.attempts_min !== undefined && { attempts_min: Number(conditions.attempts_min) }),
  };
}

export function filterOf(values: DeliveryFilterValues): DeliveryFilter {
  const sort = values.sort as DeliveryFilter["sort"];
  return { ...(conditionsOf(values) as DeliveryFilter), ...(sort !== undefined && { sort }) };
}

/** When nothing matches: which filter to drop, and how many would match then. */
import { Button } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import { deliveryList as m } from "../../messages/en/deliveries.ts";
import type { Filters } from "../../parts/list/filters.ts";
import { useApi, useTenant } from "../../session/api.ts";
import classes from "./deliveries.module.css";
import { conditionsOf, type FILTERS } from "./delivery-filters.ts";

const LABELS: Readonly<Record<string, string>> = {
  search: m.filters.search,
  status: m.filters.state,
  endpoint_id: m.filters.endpoint,
  event_id: m.filters.eventId,
  event_type: m.filters.eventType,
  http_status: m.filters.httpStatus,
  classification: m.filters.classification,
  terminal_reason: m.filters.reason,
  attempts_min: m.filters.attemptsMin,
  from: m.filters.from,
  to: m.filters.to,
};

export function Fewer({ filters }: { readonly filters: Filters<typeof FILTERS> }) {
  const api = useApi();
  const tenant = useTenant();
  const conditions = conditionsOf(filters.values);
  const names = Object.keys(conditions) as (keyof typeof FILTERS)[];
  const counts = useQueries({
    queries: names.map((name) => {
      const others = Object.fromEntries(Object.entries(conditions).filter(([other]) => other !== name));
      return {
        queryKey: ["delivery", "count", tenant, others],
        queryFn: async ({ signal }: { readonly signal: AbortSignal }) =>
          (await api.deliveries.list({ ...others, limit: 1, count: true }, { signal })).total ?? 0,
      };
    }),
  });
  return (
    <div className={classes.hints}>
      {names.map((name, index) => {
        const count = counts[index]?.data ?? 0;
        if (count === 0) return null;
        return (
          <Button key={name} variant="light" size="xs" onClick={() => filters.set({ [name]: undefined })}>
            {m.without(LABELS[name] ?? name, count)}
          </Button>
        );
      })}
    </div>
  );
}

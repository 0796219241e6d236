/** The filters above the list. The rarer ones are folded. */
import { CLASSIFICATIONS, DELIVERY_STATES, TERMINAL_REASONS } from "@domain/delivery/delivery.ts";
import { Button } from "@mantine/core";
import { useState } from "react";
import { deliveryList as m } from "../../messages/en/deliveries.ts";
import { FilterBar } from "../../parts/list/filter-bar.tsx";
import { FilterChoice, FilterText } from "../../parts/list/filter-fields.tsx";
import { FilterTime } from "../../parts/list/filter-time.tsx";
import type { Filters } from "../../parts/list/filters.ts";
import { type FILTERS, SORTS } from "./delivery-filters.ts";
import { useEndpointNames } from "./endpoint-names.ts";
import { FilterChoices } from "./filter-choices.tsx";

const STATES = DELIVERY_STATES.map((value) => ({ value, label: m.states[value] }));
const RESULTS = CLASSIFICATIONS.map((value) => ({ value, label: value.replaceAll("_", " ") }));
const REASONS = TERMINAL_REASONS.map((value) => ({ value, label: m.reasons[value] }));
const ORDERS = SORTS.slice(1).map((value) => ({ value, label: m.sorts[value] }));
const WEEK_MS = 7 * 24 * 3_600_000;
const RARE = ["http_status", "classification", "terminal_reason", "attempts_min", "from", "to", "event_id"] as const;

type DeliveryFilters = Filters<typeof FILTERS>;

interface DeliveryFilterBarProps {
  readonly filters: DeliveryFilters;
  /** False for a list whose order cannot be chosen. */
  readonly withOrder?: boolean;
}

export function DeliveryFilterBar({ filters, withOrder = true }: DeliveryFilterBarProps) {
  const { values, set } = filters;
  const names = useEndpointNames();
  const [unfolded, setUnfolded] = useState(false);
  const isOpen = unfolded || RARE.some((name) => values[name] !== undefined);
  return (
    <FilterBar filters={filters}>
      <FilterText filters={filters} name="search" label={m.filters.search} />
      <FilterChoices
        label={m.filters.state}
        values={values.status}
        options={STATES}
        onChange={(status) => set({ status })}
      />
      <FilterChoices
        label={m.filters.endpoint}
        values={values.endpoint_id}
        options={[...names].map(([value, label]) => ({ value, label }))}
        onChange={(endpointIds) => set({ endpoint_id: endpointIds })}
      />
      <FilterText filters={filters} name="event_type" label={m.filters.eventType} />
      {withOrder && (
        <FilterChoice
          label={m.filters.sort}
          none={m.sorts["-created_at"]}
          value={values.sort === "-created_at" ? undefined : values.sort}
          options={ORDERS}
          onChange={(sort) => set({ sort })}
        />
      )}
      {isOpen && <Rare filters={filters} />}
      <Button
        variant="subtle"
        onClick={() => set({ from: new Date(Date.now() - WEEK_MS).toISOString(), to: undefined })}
      >
        {m.filters.week}
      </Button>
      <Button variant="subtle" aria-expanded={isOpen} onClick={() => setUnfolded(!isOpen)}>
        {isOpen ? m.filters.fewer : m.filters.more}
      </Button>
    </FilterBar>
  );
}

function Rare({ filters }: { readonly filters: DeliveryFilters }) {
  const { values, set } = filters;
  return (
    <>
      <FilterText
        filters={filters}
        name="http_status"
        label={m.filters.httpStatus}
        placeholder={m.filters.httpStatusHint}
      />
      <FilterChoice
        label={m.filters.classification}
        value={values.classification}
        options={RESULTS}
        onChange={(classification) => set({ classification })}
      />
      <FilterChoice
        label={m.filters.reason}
        value={values.terminal_reason}
        options={REASONS}
        onChange={(reason) => set({ terminal_reason: reason })}
      />
      <FilterText filters={filters} name="attempts_min" label={m.filters.attemptsMin} />
      <FilterText filters={filters} name="event_id" label={m.filters.eventId} />
      <FilterTime label={m.filters.from} value={values.from} onChange={(from) => set({ from })} />
      <FilterTime label={m.filters.to} value={values.to} onChange={(to) => set({ to })} />
    </>
  );
}

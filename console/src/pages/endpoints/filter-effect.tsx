/** What a filter changes, by the events of the last 24 hours. */
import { isEventFilter } from "@domain/delivery/event.ts";
import { Alert, Stack, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import type { EventTypeCount, Supposition } from "@signalbox/sdk";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { filterEffect as m } from "../../messages/en/endpoints.ts";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Problem } from "../../parts/feedback/problem.tsx";
import { useApi, useTenant } from "../../session/api.ts";

/** How long a person stops typing before the server is asked. */
const TYPING_MS = 300;
const TYPES_SHOWN = 5;

interface FilterEffectProps {
  readonly filter: readonly string[] | null;
  /** Whose filter it would be; absent for a new endpoint. */
  readonly endpointId?: string;
}

export function FilterEffect({ filter: typed, endpointId }: FilterEffectProps) {
  const api = useApi();
  const tenant = useTenant();
  const [lines] = useDebouncedValue(typed?.join("\n"), TYPING_MS);
  const filter = lines?.split("\n") ?? null;
  const isValid = filter?.every(isEventFilter) ?? true;
  const { data, error, refetch } = useQuery({
    queryKey: ["event", "filter-effect", tenant, endpointId, filter],
    queryFn: ({ signal }) =>
      api.events.suppose({ filter, ...(endpointId !== undefined && { endpoint_id: endpointId }) }, { signal }),
    enabled: isValid,
    placeholderData: keepPreviousData,
  });
  // The server says what is wrong with a filter when the form is sent.
  if (!isValid) return null;
  if (error !== null) return <Problem error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LaterSkeleton rows={1} height={60} />;
  return data.last_day && <Effect of={data.last_day} isNew={endpointId === undefined} />;
}

type LastDay = NonNullable<Supposition["last_day"]>;

function Effect({ of: { matched, gained, lost, complete }, isNew }: { readonly of: LastDay; readonly isNew: boolean }) {
  return (
    <Alert role="status" variant="light" color={lost.length > 0 ? "yellow" : "blue"}>
      <Stack gap={4}>
        {isNew ? (
          <Text size="sm">{m.wouldMatch(matched)}</Text>
        ) : gained.length + lost.length === 0 ? (
          <Text size="sm">{m.same(matched)}</Text>
        ) : null}
        {!isNew && lost.length > 0 && <Text size="sm">{m.lost(sum(lost))}</Text>}
        {lost.length > 0 && <Types counts={lost} />}
        {!isNew && gained.length > 0 && <Text size="sm">{m.gained(sum(gained))}</Text>}
        {gained.length > 0 && <Types counts={gained} />}
        {!complete && <Text size="sm">{m.incomplete}</Text>}
      </Stack>
    </Alert>
  );
}

function Types({ counts }: { readonly counts: readonly EventTypeCount[] }) {
  const shown = counts.slice(0, TYPES_SHOWN).map(({ type, events }) => m.typeCount(type, events));
  const more = counts.length - shown.length;
  return <Text size="sm">{[...shown, ...(more > 0 ? [m.moreTypes(more)] : [])].join(", ")}</Text>;
}

function sum(counts: readonly EventTypeCount[]): number {
  return counts.reduce((total, { events }) => total + events, 0);
}

/** The statistics of attempts: of the tenant, or of one endpoint. Pages that show the same span read them once. */
import { useQuery } from "@tanstack/react-query";
import { useApi, useTenant } from "../../session/api.ts";

const HOUR_MS = 3_600_000;

/**
 * A busy server has outcomes all the time, and drawing the charts of a page takes a noticeable part of a second. So
 * statistics belong to no topic of the stream, and are read again after this time.
 */
export const STATISTICS = { staleTime: 10_000, refetchInterval: 10_000 } as const;

/**
 * Nothing of the stream tells that an endpoint begins to fail or that its backlog grows, so its health is read again after
 * this time.
 */
export const HEALTH = { refetchInterval: 10_000 } as const;
/** While somebody watches a backlog of one endpoint. */
export const BACKLOG_REFETCH_MS = 2_000;

export function useAttempts(hours: number, endpointId?: string) {
  const api = useApi();
  const tenant = useTenant();
  return useQuery({
    queryKey: ["statistics", "attempts", tenant, endpointId, hours],
    queryFn: ({ signal }) => {
      const from = new Date(Date.now() - hours * HOUR_MS);
      return api.analytics.attempts({ from, ...(endpointId !== undefined && { endpointId }), signal });
    },
    ...STATISTICS,
  });
}

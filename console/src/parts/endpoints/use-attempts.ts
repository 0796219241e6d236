/** The statistics of attempts: of the tenant, or of one endpoint. Pages that show the same span read them once. */
import { useQuery } from "@tanstack/react-query";
import { useApi, useTenant } from "../../session/api.ts";

const HOUR_MS = 3_600_000;
/** A busy server has outcomes all the time. Its charts need not be drawn with each. */
const STALE_MS = 10_000;

export function useAttempts(hours: number, endpointId?: string) {
  const api = useApi();
  const tenant = useTenant();
  return useQuery({
    queryKey: ["delivery", "attempts", tenant, endpointId, hours],
    queryFn: ({ signal }) => {
      const from = new Date(Date.now() - hours * HOUR_MS);
      return api.analytics.attempts({ from, ...(endpointId !== undefined && { endpointId }), signal });
    },
    staleTime: STALE_MS,
  });
}

import { useQuery } from "@tanstack/react-query";
import { useApi, useTenant } from "../../session/api.ts";

/** A busy server has outcomes all the time. What a chart shows need not be read with each. */
export const STALE_MS = 10_000;

export function useBacklog() {
  const api = useApi();
  const tenant = useTenant();
  return useQuery({
    queryKey: ["delivery", "backlog", tenant],
    queryFn: ({ signal }) => api.analytics.backlog({ signal }),
    staleTime: STALE_MS,
  });
}

import { useQuery } from "@tanstack/react-query";
import { STATISTICS } from "../../parts/endpoints/use-attempts.ts";
import { useApi, useTenant } from "../../session/api.ts";

export function useBacklog() {
  const api = useApi();
  const tenant = useTenant();
  return useQuery({
    queryKey: ["statistics", "backlog", tenant],
    queryFn: ({ signal }) => api.analytics.backlog({ signal }),
    ...STATISTICS,
  });
}

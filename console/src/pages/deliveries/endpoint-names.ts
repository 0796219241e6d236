/** The tenant's endpoints by their ids, for filters. */
import { useQuery } from "@tanstack/react-query";
import { useApi, useTenant } from "../../session/api.ts";

/** One page of the list. An endpoint beyond it can still be filtered by through its link. */
const ENDPOINTS_MAX = 1000;
const NONE: ReadonlyMap<string, string> = new Map();

export function useEndpointNames(): ReadonlyMap<string, string> {
  const api = useApi();
  const tenant = useTenant();
  const { data } = useQuery({
    queryKey: ["endpoint", "names", tenant],
    queryFn: async ({ signal }) => {
      const { rows } = await api.endpoints.page({ limit: ENDPOINTS_MAX, signal });
      return new Map(rows.map(({ id, name }) => [id, name]));
    },
    staleTime: 60_000,
  });
  return data ?? NONE;
}

/** The names of the tenants, for a `global_admin`. */
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { apiFor } from "./api.ts";

/** More tenants than a person scrolls through; the id of any other one can stand in the URL. */
const TENANTS_MAX = 1000;

export interface TenantName {
  readonly value: string;
  readonly label: string;
}

export function useTenantNames(enabled = true): UseQueryResult<TenantName[]> {
  return useQuery({
    queryKey: ["tenant", "names"],
    queryFn: async ({ signal }) => {
      const tenants: TenantName[] = [];
      for await (const { id, name } of apiFor(undefined).tenants.list({ limit: 100, signal })) {
        tenants.push({ value: id, label: name });
        if (tenants.length >= TENANTS_MAX) break;
      }
      return tenants;
    },
    staleTime: 60_000,
    enabled,
  });
}

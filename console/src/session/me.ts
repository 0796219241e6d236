/** Who is signed in. */
import { includesRole, type Role } from "@domain/access/access.ts";
import type { Me } from "@signalbox/sdk";
import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { apiFor } from "./api.ts";

/** Of the own tenant, whichever tenant is chosen. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }): Promise<Me> => apiFor(undefined).session.me({ signal }),
  staleTime: 5 * 60_000,
});

/** Only below the shell, which waits for it. */
export function useMe(): Me {
  const { data } = useQuery(meQuery);
  if (data === undefined) throw new Error("useMe outside of the shell");
  return data;
}

/** Whether the person who is signed in may do what takes this role. */
export function useMay(needed: Role): boolean {
  return includesRole(useMe().role as Role, needed);
}

/** Ends the session, and forgets what it read. */
export function useSignOut(): () => Promise<void> {
  const queries = useQueryClient();
  return async () => {
    await apiFor(undefined).session.signOut();
    queries.clear();
    location.assign("/console/sign-in");
  };
}

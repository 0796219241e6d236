/** Who is signed in. */
import { includesRole, type Role } from "@domain/access/access.ts";
import type { Me } from "@signalbox/sdk";
import { queryOptions, type UseMutationResult, useMutation, useQuery } from "@tanstack/react-query";
import { apiFor } from "./api.ts";
import { isLapse } from "./lapse.ts";
import { tellTabs } from "./tabs.ts";

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

/** Ends the session, in every tab. An error means that the session may still exist. */
export function useSignOut(): UseMutationResult<void, unknown, void> {
  return useMutation({
    async mutationFn() {
      try {
        await apiFor(undefined).session.signOut();
      } catch (error) {
        // It had ended before.
        if (!isLapse(error)) throw error;
      }
    },
    onSuccess() {
      tellTabs("signed out");
      location.assign("/console/sign-in");
    },
  });
}

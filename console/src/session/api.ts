/** The client of the API. The browser sends the session cookie. */
import { Signalbox } from "@signalbox/sdk";
import { useSearch } from "@tanstack/react-router";
import { useMemo } from "react";

/** The tenant in the URL that a `global_admin` chose instead of the own. */
export function useTenant(): string | undefined {
  const { tenant } = useSearch({ strict: false }) as { tenant?: string | string[] };
  return typeof tenant === "string" && tenant !== "" ? tenant : undefined;
}

/** A client for the tenant in the URL. */
export function useApi(): Signalbox {
  const tenant = useTenant();
  return useMemo(() => apiFor(tenant), [tenant]);
}

export function apiFor(tenant: string | undefined, send: typeof fetch = fetch): Signalbox {
  // The query client decides what to repeat, and shows a countdown where the server asks for patience.
  const options = { url: location.origin, session: true, retries: 0, fetch: send } as const;
  return new Signalbox({ ...options, ...(tenant !== undefined && { tenant }) });
}

/** What waits behind the links of the navigation: open questions, and inbound requests that were refused lately. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { nav as m } from "../../messages/en/app.ts";
import { integer } from "../../parts/locale.ts";
import { useApi, useTenant } from "../../session/api.ts";
import { useMay } from "../../session/me.ts";
import classes from "./navigation.module.css";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** By the path of the link. */
export function useNavigationBadges(): Readonly<Record<string, ReactNode>> {
  const api = useApi();
  const tenant = useTenant();
  const mayInbound = useMay("org_admin");
  const pauses = useQuery({
    queryKey: ["pause", "counts", tenant],
    queryFn: ({ signal }) => api.countPauses({ signal }),
  });
  // A day up to the hour, so that the query stays the same for an hour.
  const from = new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS - DAY_MS).toISOString();
  const refused = useQuery({
    queryKey: ["inbound", "refused", tenant, from],
    queryFn: ({ signal }) => api.inboundEvents.refused({ from }, { signal }),
    enabled: mayInbound,
  });
  const open = pauses.data?.pending;
  return {
    "/pauses": open !== undefined && open.count > 0 && (
      <Badge text={`${integer(open.count)}${open.more ? "+" : ""}`} label={m.openPauses} />
    ),
    "/inbound": refused.data !== undefined && refused.data.total > 0 && (
      <Badge text={integer(refused.data.total)} label={m.refusedInbound} />
    ),
  };
}

function Badge({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <span className={classes.badge} title={label}>
      {text}
      <span className={classes.badgeLabel}> {label}</span>
    </span>
  );
}

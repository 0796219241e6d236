/** `/console/go/{id}`: finds the page of any id. Chat messages, logs and mails have ids, not URLs. */
import { ID_PREFIX, parseId, WEBHOOK_PREFIX } from "@domain/ids.ts";
import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { go as m } from "../../messages/en/go.ts";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { type Target, useGo, usePathParam } from "../../parts/page/go.tsx";
import { Page } from "../../parts/page/page.tsx";
import { shortVisible } from "../../parts/text/visible.ts";
import { useApi } from "../../session/api.ts";

type TargetOf = (id: string) => Target;

/** The page of each kind of id. `wh_` is not here, since two kinds have it. */
const PAGES: Readonly<Record<string, TargetOf>> = {
  [ID_PREFIX.endpoint]: (id) => ({ to: `/endpoints/${id}` }),
  [ID_PREFIX.event]: (id) => ({ to: `/events/${id}` }),
  [ID_PREFIX.delivery]: (id) => ({ to: `/deliveries/${id}` }),
  [ID_PREFIX.pause]: (id) => ({ to: `/pauses/${id}` }),
  [ID_PREFIX.source]: (id) => ({ to: `/inbound/${id}` }),
  [ID_PREFIX.job]: (id) => ({ to: `/jobs/${id}` }),
  [ID_PREFIX.key]: () => ({ to: "/access/keys" }),
  [ID_PREFIX.user]: () => ({ to: "/access/users" }),
  [ID_PREFIX.audit]: () => ({ to: "/access/audit" }),
  [ID_PREFIX.tenant]: (id) => ({ to: "/", search: { tenant: id } }),
};

export default function GoPage() {
  const id = usePathParam("id").trim();
  const open = useGo();
  const known = targetOf(id);
  const inbound = useInbound(id);
  const target = known ?? inbound.target;
  // biome-ignore lint/correctness/useExhaustiveDependencies: goes once, when the target is known
  useEffect(() => {
    if (target !== null) open({ ...target, replace: true });
  }, [target?.to]);
  return (
    <Page title={m.title}>
      {target !== null || inbound.isPending ? (
        <LaterSkeleton rows={6} />
      ) : (
        <>
          <Text mb="xs">{m.unknown(shortVisible(id))}</Text>
          <Text c="dimmed">{m.hint}</Text>
        </>
      )}
    </Page>
  );
}

function targetOf(id: string): Target | null {
  const endpoint = parseId(WEBHOOK_PREFIX, id);
  if (endpoint !== null) return { to: `/endpoints/${ID_PREFIX.endpoint}${endpoint}` };
  const [prefix, page] = Object.entries(PAGES).find(([one]) => parseId(one, id) !== null) ?? [];
  return prefix === undefined || page === undefined ? null : page(id);
}

/** `wh_…` is an inbound record if there is one with that id, else an endpoint. */
function useInbound(id: string): { readonly target: Target | null; readonly isPending: boolean } {
  const api = useApi();
  const uuid = parseId(ID_PREFIX.inbound, id);
  const query = useQuery({
    queryKey: ["inbound", "go", id],
    queryFn: async ({ signal }) => {
      const endpoint = `${ID_PREFIX.endpoint}${uuid}`;
      return (await api.endpoints.get(endpoint, { signal }).catch(() => null)) === null ? "record" : "endpoint";
    },
    enabled: uuid !== null,
  });
  if (uuid === null) return { target: null, isPending: false };
  if (query.data === undefined) return { target: null, isPending: true };
  if (query.data === "endpoint") return { target: { to: `/endpoints/${ID_PREFIX.endpoint}${uuid}` }, isPending: false };
  return { target: { to: "/inbound/quarantine", search: { id } }, isPending: false };
}

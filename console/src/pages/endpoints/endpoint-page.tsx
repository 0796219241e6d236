/** `/console/endpoints/{id}/{tab}`: one endpoint: what it is doing, and everything that can be done with it. */
import { includesRole, type Role } from "@domain/access/access.ts";
import type { Endpoint } from "@signalbox/sdk";
import { useQuery } from "@tanstack/react-query";
import { endpoints as list, endpoint as m } from "../../messages/en/endpoints.ts";
import { CopyView } from "../../parts/actions/copy-view.tsx";
import { EndpointBadge } from "../../parts/endpoints/endpoint-badge.tsx";
import { BACKLOG_REFETCH_MS, HEALTH } from "../../parts/endpoints/use-attempts.ts";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Missing } from "../../parts/feedback/missing.tsx";
import { NeedsRole } from "../../parts/feedback/needs-role.tsx";
import { isMissing, Problem } from "../../parts/feedback/problem.tsx";
import { useRecordKeys } from "../../parts/list/record-keys.ts";
import { GoButton, usePathParam } from "../../parts/page/go.tsx";
import { Page, Section } from "../../parts/page/page.tsx";
import { Tabs, useTab } from "../../parts/page/tabs.tsx";
import { StateBadge } from "../../parts/text/state-badge.tsx";
import { visible } from "../../parts/text/visible.ts";
import { useApi, useTenant } from "../../session/api.ts";
import { useMay, useMe } from "../../session/me.ts";
import { DeleteTab } from "./delete-tab.tsx";
import { LogTab } from "./log-tab.tsx";
import { OverviewTab } from "./overview-tab.tsx";
import { RecoverTab } from "./recover-tab.tsx";
import { SecretTab } from "./secret-tab.tsx";
import { SettingsShown } from "./settings-shown.tsx";
import { SettingsTab } from "./settings-tab.tsx";
import { StateSentence } from "./state.tsx";
import { TestTab } from "./test-tab.tsx";

const TABS = ["overview", "test", "settings", "secret", "recover", "log", "delete"] as const;
type Tab = (typeof TABS)[number];

/** The least role that may use a part. The audit log, which an endpoint's log is a part of, is for admins. */
const NEEDS: Readonly<Record<Tab, Role>> = {
  overview: "viewer",
  test: "developer",
  settings: "viewer",
  secret: "developer",
  recover: "developer",
  log: "org_admin",
  delete: "developer",
};

export default function EndpointPage() {
  const id = usePathParam("id");
  useRecordKeys(id);
  const api = useApi();
  const tenant = useTenant();
  const query = useQuery({
    queryKey: ["endpoint", "one", tenant, id],
    queryFn: ({ signal }) => api.endpoints.get(id, { signal }),
    refetchInterval: ({ state: { data, error } }) => (isMissing(error) ? false : refetchMs(data)),
  });
  const { data: endpoint, error } = query;
  if (endpoint === undefined) {
    if (error === null) return <LaterSkeleton rows={8} />;
    return isMissing(error) ? (
      <Missing what={m.noSuch} id={id} to="/endpoints" list={list.title} />
    ) : (
      <Page title={list.title}>
        <Problem error={error} onRetry={() => void query.refetch()} isRetrying={query.isFetching} />
      </Page>
    );
  }
  if (isMissing(error)) return <Deleted endpoint={endpoint} />;
  return (
    <Page
      title={visible(endpoint.name)}
      aside={<EndpointBadge of={endpoint} />}
      lead={<StateSentence endpoint={endpoint} />}
      actions={<CopyView request={{ path: `/v1/endpoints/${id}` }} />}
    >
      {error !== null && <Problem error={error} onRetry={() => void query.refetch()} />}
      <Parts endpoint={endpoint} />
    </Page>
  );
}

function refetchMs(endpoint: Endpoint | undefined): number {
  const isWatched = endpoint !== undefined && (endpoint.waiting.count > 0 || endpoint.status !== "ACTIVE");
  return isWatched ? BACKLOG_REFETCH_MS : HEALTH.refetchInterval;
}

/** Somebody deleted the endpoint while its page was open. */
function Deleted({ endpoint: { id, name } }: { readonly endpoint: Endpoint }) {
  return (
    <Page
      title={visible(name)}
      aside={<StateBadge tone="idle" word={m.deleted} />}
      lead={m.deletedLead}
      actions={
        <GoButton variant="default" to="/deliveries" search={{ endpoint_id: id }}>
          {m.deliveries}
        </GoButton>
      }
    >
      <LogTab id={id} />
    </Page>
  );
}

function Parts({ endpoint }: { readonly endpoint: Endpoint }) {
  const tab = useTab(TABS);
  const role = useMe().role as Role;
  const may = (part: Tab): boolean => includesRole(role, NEEDS[part]);
  return (
    <>
      <Tabs label={m.tabsLabel} to={`/endpoints/${endpoint.id}`} tabs={TABS} names={m.tabs} isShown={may} />
      {may(tab) ? (
        <Content tab={tab} endpoint={endpoint} />
      ) : (
        <Section title={m.tabs[tab]}>
          <NeedsRole needs={NEEDS[tab]} />
        </Section>
      )}
    </>
  );
}

function Settings({ endpoint }: { readonly endpoint: Endpoint }) {
  return useMay("developer") ? <SettingsTab endpoint={endpoint} /> : <SettingsShown endpoint={endpoint} />;
}

function Content({ tab, endpoint }: { readonly tab: Tab; readonly endpoint: Endpoint }) {
  switch (tab) {
    case "overview":
      return <OverviewTab endpoint={endpoint} />;
    case "test":
      return <TestTab endpoint={endpoint} />;
    case "settings":
      return <Settings key={endpoint.id} endpoint={endpoint} />;
    case "secret":
      return <SecretTab endpoint={endpoint} />;
    case "recover":
      return <RecoverTab endpoint={endpoint} />;
    case "log":
      return <LogTab id={endpoint.id} />;
    case "delete":
      return <DeleteTab endpoint={endpoint} />;
  }
}

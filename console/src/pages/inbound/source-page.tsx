/** `/console/inbound/{src}/{tab}`: how to connect one sender, what it sent, its secret, and its settings. */
import { List as Bullets, Button, Group, Stack, Text } from "@mantine/core";
import type { InboundEvent, Source } from "@signalbox/sdk";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { guides, source as m, sources } from "../../messages/en/inbound.ts";
import { CopyButton } from "../../parts/actions/copy-button.tsx";
import { CopyView } from "../../parts/actions/copy-view.tsx";
import { DangerDialog } from "../../parts/actions/danger-dialog.tsx";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Missing } from "../../parts/feedback/missing.tsx";
import { isMissing, Problem } from "../../parts/feedback/problem.tsx";
import { useCursorList } from "../../parts/list/cursor-list.ts";
import { List } from "../../parts/list/list.tsx";
import { readNumbered } from "../../parts/list/numbered.ts";
import { GoButton, useGo, usePathParam } from "../../parts/page/go.tsx";
import { Page, Section } from "../../parts/page/page.tsx";
import { Tabs, useTab } from "../../parts/page/tabs.tsx";
import { CodeBlock } from "../../parts/text/code-block.tsx";
import { PublicUrlHint } from "../../parts/text/public-url-hint.tsx";
import { Time } from "../../parts/time/time.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import { RECORD_COLUMNS, recordLink } from "./record-columns.tsx";
import { Reprocess } from "./reprocess.tsx";
import { sampleCurl } from "./sample.ts";
import { SecretTab } from "./source-secret.tsx";
import { SourceSettings } from "./source-settings.tsx";

/** Received requests on one page of the list. */
const LIMIT = 20;

export default function SourcePage() {
  const id = usePathParam("source");
  const api = useApi();
  const query = useQuery({
    queryKey: ["inbound", "source", useTenant(), id],
    queryFn: ({ signal }) => api.sources.get(id, { signal }),
  });
  const { data: source, error } = query;
  if (isMissing(error)) {
    return <Missing what={m.noSuch} id={id} to="/inbound" list={sources.title} wasThere={source !== undefined} />;
  }
  if (source !== undefined) return <Content source={source} />;
  return (
    <Page title={sources.title}>
      {error === null ? (
        <LaterSkeleton rows={6} />
      ) : (
        <Problem error={error} onRetry={() => void query.refetch()} isRetrying={query.isFetching} />
      )}
    </Page>
  );
}

const TABS = ["overview", "secret", "settings"] as const;
/** Without a verification, there is no secret. */
const OPEN_TABS = ["overview", "settings"] as const;

function Content({ source }: { readonly source: Source }) {
  const [isDeleting, setDeleting] = useState(false);
  const tabs = source.scheme === "none" ? OPEN_TABS : TABS;
  const tab = useTab<(typeof TABS)[number]>(tabs);
  return (
    <Page
      title={source.name}
      lead={sources.schemes[source.scheme]}
      actions={
        <>
          <CopyView request={{ path: `/v1/sources/${source.id}` }} />
          <Button variant="default" onClick={() => setDeleting(true)}>
            {m.delete}
          </Button>
        </>
      }
    >
      <Tabs label={m.tabsLabel} to={`/inbound/${source.id}`} tabs={tabs} names={m.tabs} />
      {tab === "overview" && (
        <>
          <Guide source={source} />
          <Received source={source} />
        </>
      )}
      {tab === "secret" && <SecretTab source={source} />}
      {tab === "settings" && <SourceSettings key={source.id} source={source} />}
      {isDeleting && <Delete source={source} onClose={() => setDeleting(false)} />}
    </Page>
  );
}

function Guide({ source }: { readonly source: Source }) {
  return (
    <Section title={m.guide}>
      <Stack gap="sm">
        <Labelled label={m.url} text={source.url} />
        <PublicUrlHint url={source.url} />
        {source.pause_status_url !== null && <Labelled label={m.pauseStatusUrl} text={source.pause_status_url} />}
        <Bullets type="ordered" size="sm" spacing={4}>
          {guides[source.scheme].map((step) => (
            <Bullets.Item key={step}>{step}</Bullets.Item>
          ))}
        </Bullets>
        <Text fw={600} size="sm">
          {m.sample}
        </Text>
        <Text size="sm" c="dimmed">
          {m.sampleHint}
        </Text>
        <CodeBlock text={sampleCurl(source)} label={m.sampleLabel} />
      </Stack>
    </Section>
  );
}

function Labelled({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    <div>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Group gap="xs" wrap="nowrap" align="center">
        <Text size="sm" style={{ overflowWrap: "anywhere" }}>
          {text}
        </Text>
        <CopyButton small text={text} label={label} />
      </Group>
    </div>
  );
}

function Received({ source }: { readonly source: Source }) {
  const api = useApi();
  const filter = { source_id: source.id };
  const list = useCursorList<InboundEvent>({
    queryKey: ["inbound", "events", useTenant(), source.id],
    read: async (cursor, signal) => {
      return readNumbered(cursor, LIMIT, async (page) => {
        const { data, pagination } = await api.inboundEvents.list({ ...filter, page, limit: LIMIT }, { signal });
        return { rows: data, total: pagination.total };
      });
    },
    rowKey: ({ id }) => id,
  });
  return (
    <Section
      title={m.received}
      actions={
        <Group gap="sm">
          {source.scheme !== "none" && (
            <GoButton variant="default" size="xs" to={`/inbound/${source.id}/secret`}>
              {m.toTrial}
            </GoButton>
          )}
          <Reprocess sourceId={source.id} />
        </Group>
      }
    >
      <LastDay sourceId={source.id} />
      <List
        label={m.received}
        list={list}
        columns={RECORD_COLUMNS}
        rowKey={({ id }) => id}
        rowName={({ id }) => id}
        rowLink={recordLink}
        empty={<Text>{m.receivedEmpty}</Text>}
      />
    </Section>
  );
}

function LastDay({ sourceId }: { readonly sourceId: string }) {
  const api = useApi();
  const { data } = useQuery({
    queryKey: ["inbound", "last-day", useTenant()],
    queryFn: ({ signal }) => api.analytics.inbound({ signal }),
  });
  if (data === undefined) return null;
  const { valid = 0, refused = 0 } = data.sources.find(({ source_id }) => source_id === sourceId) ?? {};
  return (
    <Text size="sm" c="dimmed" mb="xs">
      {m.lastDay(valid, refused)}
    </Text>
  );
}

function Delete({ source, onClose }: { readonly source: Source; readonly onClose: () => void }) {
  const api = useApi();
  const go = useGo();
  const remove = useMutation({
    mutationFn: () => api.sources.delete(source.id),
    onSuccess: () => go({ to: "/inbound", replace: true }),
  });
  return (
    <DangerDialog
      title={m.deleteTitle(source.name)}
      name={source.name}
      confirm={m.delete}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
      isPending={remove.isPending}
      error={remove.error}
    >
      {m.deleteHint} {sources.created} <Time at={source.created_at} />.
    </DangerDialog>
  );
}

/** `/console/inbound/{src}/events/{wh}`: one received request, why it was refused, and what to do about it. */
import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { type InboundEventDetails, SignalboxError } from "@signalbox/sdk";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { keys } from "../../messages/en/app.ts";
import { record as m, quarantine } from "../../messages/en/inbound.ts";
import { CopyView } from "../../parts/actions/copy-view.tsx";
import { DangerDialog } from "../../parts/actions/danger-dialog.tsx";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Missing } from "../../parts/feedback/missing.tsx";
import { isMissing, Problem } from "../../parts/feedback/problem.tsx";
import { useShortcuts } from "../../parts/keys/shortcuts.ts";
import { useRecordKeys } from "../../parts/list/record-keys.ts";
import { Go, useGo, usePathParam } from "../../parts/page/go.tsx";
import { Page, Section } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { NameValues } from "../../parts/text/name-values.tsx";
import { visible } from "../../parts/text/visible.ts";
import { Time } from "../../parts/time/time.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import { useMay } from "../../session/me.ts";
import { RecordBody } from "./record-body.tsx";
import { Verdict } from "./record-columns.tsx";
import { RecordNotes } from "./record-notes.tsx";
import { Trial } from "./trial.tsx";

export default function RecordPage() {
  const id = usePathParam("id");
  useRecordKeys(id);
  const api = useApi();
  const query = useQuery({
    queryKey: ["inbound", "record", useTenant(), id],
    queryFn: ({ signal }) => api.inboundEvents.get(id, { signal }),
  });
  const { data: record, error } = query;
  if (isMissing(error)) {
    const list = { to: "/inbound/quarantine", list: quarantine.title };
    return <Missing what={m.noSuch} id={id} {...list} wasThere={record !== undefined} />;
  }
  if (record !== undefined) return <Content record={record} />;
  return (
    <Page title={m.title}>
      {error === null ? (
        <LaterSkeleton rows={8} />
      ) : (
        <Problem error={error} onRetry={() => void query.refetch()} isRetrying={query.isFetching} />
      )}
    </Page>
  );
}

function Content({ record }: { readonly record: InboundEventDetails }) {
  const mayDelete = useMay("global_admin");
  const [isDeleting, setDeleting] = useState(false);
  const { id, source_id: sourceId } = record;
  return (
    <Page
      title={m.title}
      aside={<Verdict of={record} />}
      lead={id}
      actions={
        <>
          <CopyView request={{ path: `/v1/inbound-events/${id}` }} />
          {mayDelete && (
            <Button variant="default" onClick={() => setDeleting(true)}>
              {m.delete}
            </Button>
          )}
        </>
      }
    >
      {record.explanation !== null && (
        <Alert color={record.valid ? undefined : "yellow"} variant="light" mb="md">
          <Foreign text={record.explanation} />
        </Alert>
      )}
      <Facts record={record} />
      {sourceId !== null && <ReprocessOne record={record} sourceId={sourceId} />}
      {sourceId !== null && !record.valid && <Trial sourceId={sourceId} scheme={null} recordId={id} />}
      <Headers record={record} />
      <RecordBody body={record.body} />
      {sourceId !== null && <RecordNotes record={record} sourceId={sourceId} />}
      {isDeleting && <Delete id={id} onClose={() => setDeleting(false)} />}
    </Page>
  );
}

function Facts({ record }: { readonly record: InboundEventDetails }) {
  const facts: readonly (readonly [string, ReactNode])[] = [
    [m.received, <Time key="at" at={record.received_at} absolute focusable />],
    [quarantine.source, <SourceLink key="source" of={record} />],
    [m.from, record.address],
    [m.url, <Foreign key="url" text={record.url} />],
    [m.type, record.event_type === null ? "–" : <Foreign key="type" text={record.event_type} />],
    [m.events, record.event_ids.length === 0 ? "–" : <EventLinks key="events" ids={record.event_ids} />],
  ];
  return <NameValues rows={facts} />;
}

function SourceLink({ of: { source, source_id: id } }: { readonly of: InboundEventDetails }) {
  if (id === null) return source === null ? quarantine.unknown : <Foreign text={source} />;
  return (
    <Go to={`/inbound/${id}`}>
      <Foreign text={source ?? id} />
    </Go>
  );
}

function EventLinks({ ids }: { readonly ids: readonly string[] }) {
  return ids.map((id) => (
    <div key={id}>
      <Go to={`/events/${id}`}>{id}</Go>
    </div>
  ));
}

function ReprocessOne({ record, sourceId }: { readonly record: InboundEventDetails; readonly sourceId: string }) {
  const api = useApi();
  const queries = useQueryClient();
  const run = useMutation({
    mutationFn: () => api.inboundEvents.reprocess(sourceId, record.id),
    onSuccess: () => void queries.invalidateQueries({ queryKey: ["inbound"] }),
  });
  useShortcuts(keys.thisPage, [{ keys: "r", label: m.reprocess, run: () => !run.isPending && run.mutate() }]);
  return (
    <Stack gap="xs" my="md" align="flex-start">
      <Button onClick={() => run.mutate()} loading={run.isPending} title={quarantine.reprocessHint}>
        {m.reprocess}
      </Button>
      {run.error !== null && <Problem error={run.error} />}
      {run.error !== null && <FirstOne error={run.error} sourceId={sourceId} />}
      <Group gap="xs" role="status">
        {run.data !== undefined && (
          <>
            <Text size="sm">{m.reprocessed}</Text>
            {run.data.event_id !== null && <Go to={`/events/${run.data.event_id}`}>{m.published}</Go>}
          </>
        )}
      </Group>
    </Stack>
  );
}

/** Another request brought the same webhook. The server's sentence has its id. */
function FirstOne({ error, sourceId }: { readonly error: unknown; readonly sourceId: string }) {
  if (!(error instanceof SignalboxError) || error.code !== "ALREADY_RECEIVED") return null;
  const first = /wh_[0-9a-f-]{36}/.exec(error.message)?.[0];
  return first === undefined ? null : <Go to={`/inbound/${sourceId}/events/${first}`}>{m.first}</Go>;
}

function Headers({ record: { headers } }: { readonly record: InboundEventDetails }) {
  const names = Object.entries(headers);
  return (
    <Section title={m.headers}>
      {names.length === 0 ? (
        <Text size="sm">{m.noHeaders}</Text>
      ) : (
        <NameValues rows={names.map(([name, value]) => [visible(name), <Foreign key={name} text={value} />])} />
      )}
    </Section>
  );
}

function Delete({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const api = useApi();
  const go = useGo();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => api.inboundEvents.delete(id),
    onSuccess: () => {
      go({ to: "/inbound/quarantine", replace: true });
      // Not this page, which would say that the request is gone.
      void queries.invalidateQueries({
        predicate: ({ queryKey: [topic, kind] }) => topic === "inbound" && kind !== "record",
      });
    },
  });
  return (
    <DangerDialog
      title={m.deleteTitle}
      name={id}
      confirm={m.delete}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
      isPending={remove.isPending}
      error={remove.error}
    >
      {m.deleteHint}
    </DangerDialog>
  );
}

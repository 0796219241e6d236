/** `/console/health`: what the server is doing. It works while the store does not write. */
import { Alert, Text } from "@mantine/core";
import type { ServerStatus } from "@signalbox/sdk";
import { useQuery } from "@tanstack/react-query";
import { health as m } from "../../messages/en/health.ts";
import { CopyView } from "../../parts/actions/copy-view.tsx";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Problem } from "../../parts/feedback/problem.tsx";
import { bytes, integer } from "../../parts/locale.ts";
import { Page, Section } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { NameValues } from "../../parts/text/name-values.tsx";
import { Time } from "../../parts/time/time.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import { Channels } from "./channels.tsx";
import { Nodes } from "./nodes.tsx";

const REFRESH_MS = 10_000;

export default function HealthPage() {
  const api = useApi();
  const tenant = useTenant();
  const query = useQuery({
    queryKey: ["status", tenant],
    queryFn: ({ signal }) => api.status.get({ signal }),
    refetchInterval: REFRESH_MS,
  });
  const { data, error } = query;
  return (
    <Page title={m.title} actions={<CopyView request={{ path: "/v1/status" }} />}>
      {error !== null && <Problem error={error} onRetry={() => void query.refetch()} isRetrying={query.isFetching} />}
      {data === undefined ? error === null && <LaterSkeleton rows={8} /> : <Status status={data} />}
    </Page>
  );
}

function Status({ status }: { readonly status: ServerStatus }) {
  const { ready, reason, streams, version, store, process } = status;
  return (
    <>
      <Alert color={ready ? "green" : "red"} variant="light" mb="md" role="status">
        {ready ? m.ready : m.notReady} {reason !== null && <Foreign text={reason} />}
      </Alert>
      <Section title={m.title}>
        <NameValues
          rows={[
            [m.version, version],
            [m.streams, m.streamsOf(streams.open, streams.max)],
          ]}
        />
      </Section>
      <Channels channels={status.channels} />
      {store === null && <Text c="dimmed">{m.partHint}</Text>}
      {store !== null && <Store store={store} isShared={isShared(process)} />}
      {isShared(process) && <Nodes />}
      {process !== null && <Process process={process} />}
    </>
  );
}

/** Whether the store is PostgreSQL, which other nodes may share. */
function isShared(process: ServerStatus["process"]): boolean {
  return process?.settings.some(({ name, value }) => name === "DATABASE_URL" && value !== null) ?? false;
}

interface StoreProps {
  readonly store: NonNullable<ServerStatus["store"]>;
  readonly isShared: boolean;
}

function Store({ store, isShared }: StoreProps) {
  return (
    <Section title={isShared ? m.database : m.store}>
      <NameValues
        rows={[
          [m.file, bytes(store.file_bytes)],
          ...(isShared ? [] : ownDisk(store)),
          [m.writable, store.writable ? m.yes : m.no],
        ]}
      />
      {!isShared && <Text c="dimmed">{m.oneNode}</Text>}
    </Section>
  );
}

/** Of PostgreSQL's disk and log, this server knows nothing. */
function ownDisk(store: StoreProps["store"]): readonly (readonly [string, string])[] {
  return [
    [m.wal, bytes(store.wal_bytes)],
    [m.disk, m.diskOf(store.disk_free_bytes, store.disk_total_bytes)],
  ];
}

function Process({ process }: { readonly process: NonNullable<ServerStatus["process"]> }) {
  const { queues, loop_delay_ms: loop, clock } = process;
  return (
    <>
      <Section title={m.process}>
        <NameValues
          rows={[
            [m.started, <Time key="started" at={process.started_at} focusable />],
            [m.node, process.node_version],
            [m.memory, bytes(process.memory_bytes)],
            [m.loop, m.loopOf(loop.p50, loop.p99, loop.max)],
            [m.clock, clock.reason ?? m.trusted],
            [m.allStreams, integer(process.streams)],
          ]}
        />
      </Section>
      <Section title={m.queues}>
        <NameValues
          rows={[
            [m.publish, integer(queues.publish)],
            [m.settle, integer(queues.settle)],
            [m.inFlight, integer(queues.in_flight)],
            [m.deliveries, integer(queues.deliveries)],
            [m.payloads, bytes(queues.payload_bytes)],
            [m.lanes, integer(queues.lanes)],
          ]}
        />
      </Section>
      <Section title={m.settings}>
        <NameValues
          isLong
          rows={process.settings.map(({ name, value }) => [
            name,
            value === null ? m.unset : <Foreign key={name} text={value} />,
          ])}
        />
      </Section>
    </>
  );
}

/** The nodes that share the store, as a global admin sees them. */
import { Box, Group, Text } from "@mantine/core";
import type { ServerNode } from "@signalbox/sdk";
import { useQuery } from "@tanstack/react-query";
import { health as m } from "../../messages/en/health.ts";
import { Problem } from "../../parts/feedback/problem.tsx";
import { integer } from "../../parts/locale.ts";
import { Section } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { NameValues } from "../../parts/text/name-values.tsx";
import { StateBadge } from "../../parts/text/state-badge.tsx";
import { Time } from "../../parts/time/time.tsx";
import { useApi } from "../../session/api.ts";

const REFRESH_MS = 10_000;

export function Nodes() {
  const api = useApi();
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: ["nodes"],
    queryFn: ({ signal }) => api.status.nodes({ signal }),
    refetchInterval: REFRESH_MS,
  });
  return (
    <Section title={m.nodes}>
      {error !== null && <Problem error={error} onRetry={() => void refetch()} isRetrying={isFetching} />}
      {data?.map((node) => (
        <NodeRow key={node.id} node={node} />
      ))}
    </Section>
  );
}

function NodeRow({ node }: { readonly node: ServerNode }) {
  return (
    <Box component="section" aria-label={m.nodeOf(node.id)} mb="md">
      <Group gap="sm" mb="xs">
        <Text fw={600} component="h3">
          <Foreign text={node.name} />
        </Text>
        {node.self && <StateBadge tone="ok" word={m.self} />}
        {node.leader && <StateBadge tone="idle" word={m.leader} />}
      </Group>
      <NameValues
        rows={[
          [m.number, integer(node.id)],
          [m.version, node.version],
          [m.started, <Time key="started" at={node.started_at} focusable />],
          [m.seen, <Time key="seen" at={node.last_seen_at} focusable />],
          [m.ownLanes, integer(node.lanes)],
          [m.leases, integer(node.leases)],
        ]}
      />
    </Box>
  );
}

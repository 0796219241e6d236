/** The endpoints that are not healthy. */
import { List as Items, Text } from "@mantine/core";
import "@mantine/core/styles/List.css";
import type { Endpoint } from "@signalbox/sdk";
import { overview as m } from "../../messages/en/overview.ts";
import { EndpointBadge } from "../../parts/endpoints/endpoint-badge.tsx";
import { Go } from "../../parts/page/go.tsx";
import { Section } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { Time } from "../../parts/time/time.tsx";

const SHOWN_MAX = 10;

interface EndpointsPartProps {
  readonly endpoints: readonly Endpoint[];
  readonly hasMore: boolean;
}

export function EndpointsPart({ endpoints, hasMore }: EndpointsPartProps) {
  const unwell = endpoints.filter(({ health }) => health.state !== "healthy");
  return (
    <Section title={m.endpoints}>
      {unwell.length === 0 && <Text>{m.allWell(endpoints.length)}</Text>}
      <Items listStyleType="none" spacing="xs">
        {unwell.slice(0, SHOWN_MAX).map(({ id, name, health, paused_at }) => {
          const since = health.failing_since ?? paused_at;
          return (
            <Items.Item key={id}>
              <Go to={`/endpoints/${id}`}>
                <Foreign text={name} charsMax={60} />
              </Go>{" "}
              <EndpointBadge state={health.state} /> {since !== null && <Time at={since} />}
            </Items.Item>
          );
        })}
      </Items>
      {hasMore && <Text size="sm">{m.more}</Text>}
    </Section>
  );
}

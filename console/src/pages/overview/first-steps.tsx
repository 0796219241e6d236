/** What a new tenant does first. Each step is ticked when it happened. */
import { List as Items, Text } from "@mantine/core";
import "@mantine/core/styles/List.css";
import type { Endpoint } from "@signalbox/sdk";
import { useQuery } from "@tanstack/react-query";
import { overview as m } from "../../messages/en/overview.ts";
import { Go } from "../../parts/page/go.tsx";
import { Section } from "../../parts/page/page.tsx";
import { CodeBlock } from "../../parts/text/code-block.tsx";
import { StateBadge } from "../../parts/text/state-badge.tsx";
import { useApi, useTenant } from "../../session/api.ts";

export function FirstSteps({ endpoints }: { readonly endpoints: readonly Endpoint[] }) {
  const api = useApi();
  const tenant = useTenant();
  const [first] = endpoints;
  const latest = useQuery({
    queryKey: ["delivery", "first-steps", tenant],
    queryFn: ({ signal }) => api.deliveries.list({ limit: 100 }, { signal }),
    staleTime: 10_000,
  });
  if (latest.data === undefined) return null;
  const tested = latest.data.results.some(({ event_type }) => event_type === "test");
  const published = latest.data.results.some(({ event_type }) => event_type !== "test");
  // Whoever publishes needs no introduction.
  if (published) return null;
  return (
    <Section title={m.steps}>
      <Items type="ordered" spacing="xs" mb="md">
        <Items.Item>
          <Go to="/endpoints/new">{m.stepEndpoint}</Go> <Done done={first !== undefined} />
        </Items.Item>
        <Items.Item>
          {first === undefined ? m.stepTest : <Go to={`/endpoints/${first.id}`}>{m.stepTest}</Go>}{" "}
          <Done done={tested} />
        </Items.Item>
        <Items.Item>
          <Go to="/events/publish">{m.stepPublish}</Go> <Done done={published} />
        </Items.Item>
      </Items>
      <Text size="sm" mb="xs">
        {m.stepPublish}:
      </Text>
      <CodeBlock text={m.publishCommand} label={m.stepPublish} />
    </Section>
  );
}

function Done({ done }: { readonly done: boolean }) {
  return <StateBadge tone={done ? "ok" : "idle"} word={done ? m.done : m.open} />;
}

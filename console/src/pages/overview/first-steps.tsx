/** What a new tenant does first. Each step is ticked when it happened. */
import { List as Items, Text } from "@mantine/core";
import "@mantine/core/styles/List.css";
import { useQuery } from "@tanstack/react-query";
import { overview as m } from "../../messages/en/overview.ts";
import { publishCurl } from "../../parts/actions/publish-curl.ts";
import { Go } from "../../parts/page/go.tsx";
import { Section } from "../../parts/page/page.tsx";
import { CodeBlock } from "../../parts/text/code-block.tsx";
import { StateBadge } from "../../parts/text/state-badge.tsx";
import { useApi, useTenant } from "../../session/api.ts";

export function FirstSteps({ hasEndpoint }: { readonly hasEndpoint: boolean }) {
  const api = useApi();
  const tenant = useTenant();
  const endpoint = useQuery({
    queryKey: ["endpoint", "first", tenant],
    queryFn: async ({ signal }) => (await api.endpoints.page({ limit: 1, signal })).rows[0] ?? null,
    enabled: hasEndpoint,
  });
  const types = useQuery({
    queryKey: ["event", "first-steps", tenant],
    queryFn: ({ signal }) => api.events.listTypes({ limit: 2 }, { signal }),
    staleTime: 10_000,
  });
  if (types.data === undefined) return null;
  const names = types.data.results.map(({ name }) => name);
  const published = names.some((name) => name !== "test");
  // A person who has published to an endpoint needs no introduction.
  if (published && hasEndpoint) return null;
  const first = endpoint.data?.id;
  return (
    <Section title={m.steps}>
      <Items type="ordered" spacing="xs" mb="md">
        <Items.Item>
          <Go to="/endpoints/new">{m.stepEndpoint}</Go> <Done done={hasEndpoint} />
        </Items.Item>
        <Items.Item>
          {first === undefined ? m.stepTest : <Go to={`/endpoints/${first}`}>{m.stepTest}</Go>}{" "}
          <Done done={names.includes("test")} />
        </Items.Item>
        <Items.Item>
          <Go to="/events/publish">{m.stepPublish}</Go> <Done done={published} />
        </Items.Item>
      </Items>
      <Text size="sm" mb="xs">
        {m.publishHint}
      </Text>
      <CodeBlock text={publishCurl()} label={m.stepPublish} />
    </Section>
  );
}

function Done({ done }: { readonly done: boolean }) {
  return <StateBadge tone={done ? "ok" : "idle"} word={done ? m.done : m.open} />;
}

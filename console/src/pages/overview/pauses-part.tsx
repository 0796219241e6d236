/** The open questions. */
import { List as Items, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { overview as m } from "../../messages/en/overview.ts";
import { Problem } from "../../parts/feedback/problem.tsx";
import { Go } from "../../parts/page/go.tsx";
import { Section } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { Time } from "../../parts/time/time.tsx";
import { useApi, useTenant } from "../../session/api.ts";

const SHOWN_MAX = 5;

export function PausesPart() {
  const api = useApi();
  const tenant = useTenant();
  const { data, error } = useQuery({
    queryKey: ["pause", "overview", tenant],
    queryFn: ({ signal }) => api.listPauses({ status: "pending", limit: SHOWN_MAX }, { signal }),
  });
  return (
    <Section title={m.pauses}>
      {error !== null && <Problem error={error} />}
      {data?.pauses.length === 0 && <Text>{m.noPauses}</Text>}
      <Items listStyleType="none" spacing="xs">
        {(data?.pauses ?? []).map((pause) => (
          <Items.Item key={pause.pause_id}>
            <Go to={`/pauses/${pause.pause_id}`}>
              <Foreign text={pause.message} charsMax={80} />
            </Go>{" "}
            {m.deadline} <Time at={pause.expires_at} />
          </Items.Item>
        ))}
      </Items>
    </Section>
  );
}

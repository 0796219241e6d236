/** What waits, and for how long. */
import { useQuery } from "@tanstack/react-query";
import { overview as m } from "../../messages/en/overview.ts";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Problem } from "../../parts/feedback/problem.tsx";
import { integer } from "../../parts/locale.ts";
import { Section } from "../../parts/page/page.tsx";
import { Time } from "../../parts/time/time.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import { Facts } from "./facts.tsx";

export function BacklogPart() {
  const api = useApi();
  const tenant = useTenant();
  const { data, error } = useQuery({
    queryKey: ["delivery", "backlog", tenant],
    queryFn: ({ signal }) => api.analytics.backlog({ signal }),
    staleTime: 5000,
  });
  if (data === undefined) {
    return (
      <Section title={m.backlog}>{error === null ? <LaterSkeleton rows={2} /> : <Problem error={error} />}</Section>
    );
  }
  const count = (value: number) => `${integer(value)}${data.more ? "+" : ""}`;
  return (
    <Section title={m.backlog}>
      <Facts
        facts={[
          [m.held, count(data.held)],
          [m.waiting, count(data.waiting)],
          [m.scheduled, count(data.scheduled)],
          [m.inProgress, integer(data.in_progress)],
          [m.oldest, data.oldest_at === null ? m.none : <Time key="oldest" at={data.oldest_at} focusable />],
        ]}
      />
    </Section>
  );
}

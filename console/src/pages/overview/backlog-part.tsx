/** What waits, and for how long. */
import { overview as m } from "../../messages/en/overview.ts";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Problem } from "../../parts/feedback/problem.tsx";
import { integer } from "../../parts/locale.ts";
import { Section } from "../../parts/page/page.tsx";
import { Time } from "../../parts/time/time.tsx";
import { Facts } from "./facts.tsx";
import { useBacklog } from "./use-backlog.ts";

export function BacklogPart() {
  const { data, error } = useBacklog();
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

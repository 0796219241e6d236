/** Success told honestly: at the first attempt, in the end, and what is still being tried. */
import { overview as m } from "../../messages/en/overview.ts";
import { useAttempts } from "../../parts/endpoints/use-attempts.ts";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Problem } from "../../parts/feedback/problem.tsx";
import { Section } from "../../parts/page/page.tsx";
import { Facts } from "./facts.tsx";

export function SuccessPart({ hours }: { readonly hours: number }) {
  const query = useAttempts(hours);
  if (query.data === undefined) {
    return (
      <Section title={m.success}>
        {query.error === null ? <LaterSkeleton rows={2} /> : <Problem error={query.error} />}
      </Section>
    );
  }
  const sum = (field: "ok" | "first_ok" | "first_failed" | "gave_up") =>
    (query.data?.buckets ?? []).reduce((total, bucket) => total + bucket[field], 0);
  const first = sum("first_ok") + sum("first_failed");
  const ended = sum("ok") + sum("gave_up");
  const trying = Math.max(0, first - ended);
  const share = (part: number, of: number) => (of === 0 ? m.nothing : m.share(part / of, of));
  return (
    <Section title={m.success}>
      <Facts
        facts={[
          [m.first, share(sum("first_ok"), first)],
          [m.inTheEnd, share(sum("ok"), ended)],
          [m.trying, share(trying, first)],
        ]}
      />
    </Section>
  );
}

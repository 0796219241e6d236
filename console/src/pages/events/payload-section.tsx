/** The payload of an event, byte for byte as it was published. */
import { useQuery } from "@tanstack/react-query";
import { event as m } from "../../messages/en/events.ts";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Problem } from "../../parts/feedback/problem.tsx";
import { Section } from "../../parts/page/page.tsx";
import { Payload } from "../../parts/text/payload.tsx";
import { useApi, useTenant } from "../../session/api.ts";

export function PayloadSection({ eventId }: { readonly eventId: string }) {
  const api = useApi();
  const tenant = useTenant();
  const query = useQuery({
    queryKey: ["payload", tenant, eventId],
    queryFn: ({ signal }) => api.events.getPayload(eventId, { signal }),
    // A published payload does not change.
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Section title={m.payload}>
      {query.error !== null && <Problem error={query.error} onRetry={() => void query.refetch()} />}
      {query.data !== undefined && <Payload text={query.data} label={m.payloadAs} />}
      {query.data === undefined && query.error === null && <LaterSkeleton rows={4} height={24} />}
    </Section>
  );
}

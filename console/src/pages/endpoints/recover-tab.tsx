/** Sends again what failed or was missed since a time. It counts first. */
import { Alert, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import type { Endpoint } from "@signalbox/sdk";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { endpoint as m } from "../../messages/en/endpoints.ts";
import { Problem } from "../../parts/feedback/problem.tsx";
import { Go } from "../../parts/page/go.tsx";
import { Section } from "../../parts/page/page.tsx";
import { zoneAt } from "../../parts/time/format.ts";
import { useApi } from "../../session/api.ts";

const DAY_MS = 86_400_000;

export function RecoverTab({ endpoint }: { readonly endpoint: Endpoint }) {
  const api = useApi();
  const [since, setSince] = useState(() => localTime(Date.now() - DAY_MS));
  const from = Number.isNaN(Date.parse(since)) ? since : new Date(since).toISOString();
  // The action of the same effect on deliveries: it leaves out tests too.
  const count = useMutation({
    mutationFn: () =>
      api.deliveries.countBulk({
        action: "retry",
        filter: { endpoint_id: endpoint.id, status: ["FAILED", "EXPIRED"], from },
      }),
  });
  const recover = useMutation({
    mutationFn: () => api.endpoints.recover(endpoint.id, { since: from }),
    // Nothing of it is left to be sent a second time.
    onSuccess: count.reset,
  });
  return (
    <Section title={m.recoverTitle}>
      <Stack gap="md">
        <Text>{m.recoverHint}</Text>
        <TextInput
          label={m.recoverSince(zoneAt(Date.now(), "local"))}
          type="datetime-local"
          value={since}
          onChange={(event) => {
            setSince(event.currentTarget.value);
            // What was counted was another time.
            count.reset();
            recover.reset();
          }}
        />
        <Group gap="sm">
          <Button variant="default" onClick={() => count.mutate()} loading={count.isPending}>
            {m.count}
          </Button>
          <Button onClick={() => recover.mutate()} loading={recover.isPending} disabled={count.data === undefined}>
            {m.recover}
          </Button>
        </Group>
        {count.data !== undefined && (
          <Text role="status">
            {m.recoverCount(count.data.total)} {m.recoverMissed}
          </Text>
        )}
        {recover.data !== undefined && (
          <Alert role="status">
            {m.recoverStarted} <Go to={`/jobs/${recover.data.job_id}`}>{m.toJob}</Go>
          </Alert>
        )}
        {[count.error, recover.error].map((error) => error !== null && <Problem key={String(error)} error={error} />)}
      </Stack>
    </Section>
  );
}

/** As a `datetime-local` field takes it. */
function localTime(ms: number): string {
  const offsetMs = new Date(ms).getTimezoneOffset() * 60_000;
  return new Date(ms - offsetMs).toISOString().slice(0, 16);
}

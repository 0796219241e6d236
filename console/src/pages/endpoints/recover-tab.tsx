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
import { fieldText, instantOf, OFFSETS } from "../../parts/time/typed-time.ts";
import { useApi } from "../../session/api.ts";

const DAY_MS = 86_400_000;
const MINUTE_CHARS = "2026-05-08T14:23".length;

export function RecoverTab({ endpoint }: { readonly endpoint: Endpoint }) {
  const api = useApi();
  const [yesterdayMs] = useState(() => Date.now() - DAY_MS);
  const [since, setSince] = useState(() => fieldText(yesterdayMs, OFFSETS.local).slice(0, MINUTE_CHARS));
  const fromMs = instantOf(since, OFFSETS.local, yesterdayMs);
  // The server says what is wrong with what is no time.
  const from = fromMs === null ? since : new Date(fromMs).toISOString();
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

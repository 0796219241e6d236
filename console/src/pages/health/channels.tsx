/** The channels to people, and a test of each. */
import { Button, Group, Text, TextInput } from "@mantine/core";
import type { ServerStatus } from "@signalbox/sdk";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { health as m } from "../../messages/en/health.ts";
import { pauses } from "../../messages/en/pauses.ts";
import { Problem } from "../../parts/feedback/problem.tsx";
import { Section } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { StateBadge } from "../../parts/text/state-badge.tsx";
import { useApi } from "../../session/api.ts";

type Channel = ServerStatus["channels"][number];

export function Channels({ channels }: { readonly channels: readonly Channel[] }) {
  return (
    <Section title={m.channels}>
      {channels.map((channel) => (
        <ChannelRow key={channel.name} channel={channel} />
      ))}
    </Section>
  );
}

function ChannelRow({ channel: { name, configured, setting } }: { readonly channel: Channel }) {
  const api = useApi();
  const [address, setAddress] = useState("");
  const test = useMutation({
    mutationFn: () => api.status.testChannel(name, address.trim() === "" ? {} : { address: address.trim() }),
  });
  return (
    <div>
      <Group gap="sm" mb="xs">
        <Text fw={600}>{m.channelNames[name]}</Text>
        {name === "slack" ? (
          <StateBadge tone="idle" word={m.needsNothing} />
        ) : (
          <StateBadge tone={configured ? "ok" : "idle"} word={configured ? m.configured : m.missing} />
        )}
        {setting !== null && <Text size="sm">{m.toSet(setting)}</Text>}
        {name === "slack" && <Text size="sm">{m.slackHint}</Text>}
      </Group>
      {configured && (
        <Group gap="sm" mb="md" align="flex-end">
          <TextInput
            label={m.testAddress(pauses.channels[name])}
            {...(name === "email" && { description: m.emailHint })}
            value={address}
            onChange={(event) => setAddress(event.currentTarget.value)}
            autoComplete="off"
          />
          <Button variant="default" onClick={() => test.mutate()} loading={test.isPending}>
            {m.test(pauses.channels[name])}
          </Button>
        </Group>
      )}
      {test.data !== undefined && (
        <Text role="status" mb="md">
          {test.data.sent ? m.sent : <Foreign text={test.data.reason ?? ""} />}
        </Text>
      )}
      {test.error !== null && <Problem error={test.error} />}
    </div>
  );
}

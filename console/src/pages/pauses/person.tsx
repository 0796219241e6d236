/** Who was told, by what means, and how to tell the person again. */
import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import type { Pause } from "@signalbox/sdk";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { pause as m } from "../../messages/en/pauses.ts";
import { Problem } from "../../parts/feedback/problem.tsx";
import { Section } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { useApi } from "../../session/api.ts";
import { useMay } from "../../session/me.ts";
import { LinkDialog } from "./link-dialog.tsx";
import { NotificationBadge } from "./told.tsx";

interface PersonProps {
  readonly pause: Pause;
  readonly onChanged: () => void;
}

export function Person({ pause, onChanged }: PersonProps) {
  const { channel, recipient, notification } = pause;
  const isAdmin = useMay("org_admin");
  return (
    <Section title={m.told}>
      <Stack gap="sm">
        {channel === null ? (
          <Text>{m.toldNobody}</Text>
        ) : (
          <div>
            <Text component="div">
              {recipient === null ? (
                m.toldApprovers
              ) : (
                <>
                  {m.toldWith[channel]} <Foreign text={recipient} />
                </>
              )}{" "}
              <NotificationBadge pause={pause} />
            </Text>
            {notification.reason !== null && (
              <Text size="sm" c="dimmed">
                <Foreign text={notification.reason} />
              </Text>
            )}
          </div>
        )}
        {isAdmin && pause.status === "pending" && <Acts pause={pause} onChanged={onChanged} />}
      </Stack>
    </Section>
  );
}

function Acts({ pause, onChanged }: PersonProps) {
  const api = useApi();
  const queries = useQueryClient();
  const [isLinkOpen, setLinkOpen] = useState(false);
  const resend = useMutation({
    mutationFn: () => api.resendPause(pause.pause_id),
    onSuccess() {
      onChanged();
      void queries.invalidateQueries({ queryKey: ["pause"] });
    },
    onError: onChanged,
  });
  return (
    <>
      <Group gap="sm">
        {pause.notification.status !== "none" && (
          <Button variant="default" onClick={() => resend.mutate()} loading={resend.isPending}>
            {m.resend}
          </Button>
        )}
        <Button variant="default" onClick={() => setLinkOpen(true)}>
          {m.reveal}
        </Button>
      </Group>
      <div role="status">
        {resend.isSuccess && (
          <Alert color="green" variant="light">
            {m.resent} {m.resendHint}
          </Alert>
        )}
      </div>
      {resend.error !== null && <Problem error={resend.error} />}
      {isLinkOpen && <LinkDialog pause={pause} onClose={() => setLinkOpen(false)} />}
    </>
  );
}

/** Pausing and resuming say beforehand what they do. */
import { Button, Group, Stack, Text } from "@mantine/core";
import type { Endpoint } from "@signalbox/sdk";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { form } from "../../messages/en/app.ts";
import { endpoint as m } from "../../messages/en/endpoints.ts";
import { Dialog } from "../../parts/actions/dialog.tsx";
import { Problem } from "../../parts/feedback/problem.tsx";
import { NumberField } from "../../parts/form/fields.tsx";
import { Form } from "../../parts/form/form.tsx";
import { typedNumber } from "../../parts/form/typed-number.ts";
import { useDraft } from "../../parts/form/use-draft.ts";
import { useApi } from "../../session/api.ts";

interface DialogProps {
  readonly endpoint: Endpoint;
  readonly onClose: () => void;
}

export function PauseDialog({ endpoint, onClose }: DialogProps) {
  const api = useApi();
  const queries = useQueryClient();
  const pause = useMutation({
    mutationFn: () => api.endpoints.update(endpoint.id, { status: "PAUSED" }),
    onSuccess: onClose,
    // Not waited for: without the server, the button would spin next to its error.
    onSettled: () => void queries.invalidateQueries({ queryKey: ["endpoint"] }),
  });
  return (
    <Dialog onClose={onClose} title={m.pauseTitle}>
      <Stack gap="md">
        <Text>{m.pauseText(endpoint.health.in_flight)}</Text>
        <Text>{m.pauseStays}</Text>
        {pause.error !== null && <Problem error={pause.error} />}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            {form.cancel}
          </Button>
          <Button data-autofocus onClick={() => pause.mutate()} loading={pause.isPending}>
            {m.pause}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}

export function ResumeDialog({ endpoint, onClose }: DialogProps) {
  const api = useApi();
  const queries = useQueryClient();
  const { waiting, rate_limit_per_second: limit } = endpoint;
  const { texts, changed, type } = useDraft(endpoint, textsOf);
  const resume = useMutation({
    mutationFn: () => {
      const rate = texts.rate.trim() === "" ? null : (typedNumber(texts.rate) as number);
      return api.endpoints.update(endpoint.id, {
        status: "ACTIVE",
        ...(changed.has("rate") && { rate_limit_per_second: rate }),
      });
    },
    onSuccess: onClose,
    onSettled: () => void queries.invalidateQueries({ queryKey: ["endpoint"] }),
  });
  return (
    <Dialog onClose={onClose} title={m.resumeTitle}>
      <Form
        onSubmit={() => resume.mutate()}
        isPending={resume.isPending}
        error={resume.error}
        submit={m.resume}
        onCancel={onClose}
      >
        <div>
          <Text>
            {waiting.count === 0 ? m.noBacklog : m.waiting(waiting.count, waiting.more)} {m.resumeText}
          </Text>
          {limit !== null && <Text>{m.resumeEstimate(limit)}</Text>}
        </div>
        <NumberField
          name="rate_limit_per_second"
          label={m.rateLimit}
          hint={m.rateLimitHint}
          value={texts.rate}
          onChange={(event) => type({ rate: event.currentTarget.value })}
        />
      </Form>
    </Dialog>
  );
}

function textsOf({ rate_limit_per_second: limit }: Endpoint): { readonly rate: string } {
  return { rate: String(limit ?? "") };
}

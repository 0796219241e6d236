/** Processes again what a source was refused, in as many calls as it takes, and says how far it is. */
import { Button, Group, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { form } from "../../messages/en/app.ts";
import { quarantine as m } from "../../messages/en/inbound.ts";
import { Dialog } from "../../parts/actions/dialog.tsx";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Problem } from "../../parts/feedback/problem.tsx";
import { ProblemText } from "../../parts/feedback/problem-text.tsx";
import { useApi, useTenant } from "../../session/api.ts";

export function Reprocess({ sourceId }: { readonly sourceId: string }) {
  const api = useApi();
  const queries = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const [done, setDone] = useState(0);
  const run = useMutation({
    mutationFn: async () => {
      let [reprocessed, failed, more] = [0, 0, true];
      while (more) {
        const step = await api.sources.reprocess(sourceId);
        reprocessed += step.reprocessed;
        failed = step.failed;
        // Requests that are refused meanwhile must not keep this going.
        more = step.more && step.reprocessed > 0;
        setDone(reprocessed);
      }
      return { reprocessed, failed };
    },
    onMutate: () => setDone(0),
    onSettled: () => void queries.invalidateQueries({ queryKey: ["inbound"] }),
  });
  const start = () => {
    setAsking(false);
    run.mutate();
  };
  return (
    <div>
      <Button variant="default" size="xs" onClick={() => setAsking(true)} loading={run.isPending}>
        {m.reprocessAll}
      </Button>
      <Text size="sm" role="status" component="div">
        {run.isPending && m.reprocessing(done)}
        {run.data !== undefined && !run.isPending && m.reprocessed(run.data.reprocessed, run.data.failed)}
        {run.error !== null && <ProblemText error={run.error} />}
      </Text>
      {isAsking && <Ask sourceId={sourceId} onStart={start} onClose={() => setAsking(false)} />}
    </div>
  );
}

interface AskProps {
  readonly sourceId: string;
  readonly onStart: () => void;
  readonly onClose: () => void;
}

/** Publishing cannot be undone, so a person sees first how many requests there are. */
function Ask({ sourceId, onStart, onClose }: AskProps) {
  const api = useApi();
  const { data: count, error } = useQuery({
    queryKey: ["inbound", "refused-of", useTenant(), sourceId],
    queryFn: async ({ signal }) => {
      const filter = { source_id: sourceId, valid: false, limit: 1 };
      const { pagination } = await api.inboundEvents.list(filter, { signal });
      return pagination.total;
    },
    gcTime: 0,
  });
  return (
    <Dialog onClose={onClose} title={m.reprocessTitle}>
      <Stack gap="md">
        {count === undefined ? (
          error === null && <LaterSkeleton rows={1} />
        ) : (
          <Text>
            {m.reprocessCount(count)} {count > 0 && m.reprocessHint}
          </Text>
        )}
        {error !== null && <Problem error={error} />}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            {form.cancel}
          </Button>
          <Button data-autofocus onClick={onStart} disabled={count === 0}>
            {m.reprocessAll}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}

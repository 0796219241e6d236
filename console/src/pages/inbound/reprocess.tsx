/** Processes again what a source was refused, in as many calls as it takes, and says how far it is. */
import { Button, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { quarantine as m } from "../../messages/en/inbound.ts";
import { ProblemText } from "../../parts/feedback/problem-text.tsx";
import { useApi } from "../../session/api.ts";

export function Reprocess({ sourceId }: { readonly sourceId: string }) {
  const api = useApi();
  const queries = useQueryClient();
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
  return (
    <div>
      <Button variant="default" size="xs" onClick={() => run.mutate()} loading={run.isPending} title={m.reprocessHint}>
        {m.reprocessAll}
      </Button>
      <Text size="sm" role="status" component="div">
        {run.isPending && m.reprocessing(done)}
        {run.data !== undefined && !run.isPending && m.reprocessed(run.data.reprocessed, run.data.failed)}
        {run.error !== null && <ProblemText error={run.error} />}
      </Text>
    </div>
  );
}

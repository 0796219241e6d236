/** Deleting an endpoint: says what is cancelled, and has the name typed. */
import { Button, Text } from "@mantine/core";
import type { Endpoint } from "@signalbox/sdk";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { endpoint as m } from "../../messages/en/endpoints.ts";
import { DangerDialog } from "../../parts/actions/danger-dialog.tsx";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Problem } from "../../parts/feedback/problem.tsx";
import { useGo } from "../../parts/page/go.tsx";
import { Section } from "../../parts/page/page.tsx";
import { useApi, useTenant } from "../../session/api.ts";

export function DeleteTab({ endpoint }: { readonly endpoint: Endpoint }) {
  const api = useApi();
  const tenant = useTenant();
  const go = useGo();
  const queries = useQueryClient();
  const [isOpen, setIsOpen] = useState(false);
  const remove = useMutation({
    mutationFn: () => api.endpoints.delete(endpoint.id),
    async onSuccess() {
      go({ to: "/endpoints" });
      await queries.invalidateQueries({ queryKey: ["endpoint", "list"] });
    },
  });
  const count = useQuery({
    queryKey: ["delivery", "cancelled-by-delete", tenant, endpoint.id],
    queryFn: ({ signal }) =>
      api.deliveries.countBulk({ action: "cancel", filter: { endpoint_id: endpoint.id } }, { signal }),
  });
  const text = count.data && m.deleteText(count.data.total, endpoint.health.in_flight);
  return (
    <Section title={m.deleteTitle}>
      {text === undefined && count.error === null && <LaterSkeleton rows={1} height={24} />}
      {count.error !== null && <Problem error={count.error} onRetry={() => void count.refetch()} />}
      {text !== undefined && <Text mb="md">{text}</Text>}
      <Button color="red" onClick={() => setIsOpen(true)} disabled={text === undefined}>
        {m.delete}
      </Button>
      {isOpen && (
        <DangerDialog
          title={m.deleteTitle}
          name={endpoint.name}
          confirm={m.delete}
          isPending={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate()}
          onClose={() => setIsOpen(false)}
        >
          {text}
        </DangerDialog>
      )}
    </Section>
  );
}

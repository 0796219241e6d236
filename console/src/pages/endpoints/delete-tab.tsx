/** Deleting an endpoint: says what is cancelled, and has the name typed. */
import { Button, Text } from "@mantine/core";
import type { Endpoint } from "@signalbox/sdk";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { endpoint as m } from "../../messages/en/endpoints.ts";
import { DangerDialog } from "../../parts/actions/danger-dialog.tsx";
import { useGo } from "../../parts/page/go.tsx";
import { Section } from "../../parts/page/page.tsx";
import { useApi } from "../../session/api.ts";

export function DeleteTab({ endpoint }: { readonly endpoint: Endpoint }) {
  const api = useApi();
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
  const text = m.deleteText(endpoint.waiting.count, endpoint.waiting.more);
  return (
    <Section title={m.deleteTitle}>
      <Text mb="md">{text}</Text>
      <Button color="red" onClick={() => setIsOpen(true)}>
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

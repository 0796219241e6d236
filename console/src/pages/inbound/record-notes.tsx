/** What people wrote about a request. */
import { Text } from "@mantine/core";
import type { InboundEventDetails } from "@signalbox/sdk";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { record as m } from "../../messages/en/inbound.ts";
import { LongField } from "../../parts/form/fields.tsx";
import { Form } from "../../parts/form/form.tsx";
import { Section } from "../../parts/page/page.tsx";
import { useApi } from "../../session/api.ts";

interface RecordNotesProps {
  readonly record: InboundEventDetails;
  readonly sourceId: string;
}

export function RecordNotes({ record, sourceId }: RecordNotesProps) {
  const api = useApi();
  const queries = useQueryClient();
  /** Null: nothing was typed, so the field shows what is stored. */
  const [typed, setTyped] = useState<string | null>(null);
  const notes = typed ?? record.notes ?? "";
  const save = useMutation({
    mutationFn: () => api.inboundEvents.note(sourceId, record.id, notes === "" ? null : notes),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["inbound"] });
      setTyped(null);
    },
  });
  return (
    <Section title={m.notes}>
      <div style={{ maxInlineSize: 560 }}>
        <Form onSubmit={() => save.mutate()} isPending={save.isPending} error={save.error} submit={m.saveNotes}>
          <LongField name="notes" label={m.notes} value={notes} onChange={setTyped} rows={3} />
        </Form>
        <Text size="sm" role="status">
          {save.isSuccess ? m.saved : ""}
        </Text>
      </div>
    </Section>
  );
}

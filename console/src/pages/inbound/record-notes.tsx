/** What people wrote about a request. */
import { Text } from "@mantine/core";
import type { SourceEventDetails } from "@signalbox/sdk";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { record as m } from "../../messages/en/inbound.ts";
import { LongField } from "../../parts/form/fields.tsx";
import { Form } from "../../parts/form/form.tsx";
import { useDraft } from "../../parts/form/use-draft.ts";
import { Section } from "../../parts/page/page.tsx";
import { useApi } from "../../session/api.ts";

interface RecordNotesProps {
  readonly record: SourceEventDetails;
  readonly sourceId: string;
}

export function RecordNotes({ record, sourceId }: RecordNotesProps) {
  const api = useApi();
  const queries = useQueryClient();
  const { texts, changed, type, settle } = useDraft(record, textsOf);
  const save = useMutation({
    mutationFn: ({ notes }: Texts) => api.inboundEvents.note(sourceId, record.id, notes === "" ? null : notes),
    onSuccess(saved, sent) {
      settle(saved, sent);
      void queries.invalidateQueries({ queryKey: ["inbound"] });
    },
  });
  return (
    <Section title={m.notes}>
      <div style={{ maxInlineSize: 560 }}>
        <Form onSubmit={() => save.mutate(texts)} isPending={save.isPending} error={save.error} submit={m.saveNotes}>
          <LongField name="notes" label={m.notes} value={texts.notes} onChange={(notes) => type({ notes })} rows={3} />
        </Form>
        <Text size="sm" role="status">
          {save.isSuccess && changed.size === 0 ? m.saved : ""}
        </Text>
      </div>
    </Section>
  );
}

type Texts = Readonly<Record<"notes", string>>;

function textsOf({ notes }: SourceEventDetails): Texts {
  return { notes: notes ?? "" };
}

/** The settings of an endpoint, with what would change before it is saved. */
import { Alert, List as Items, Text } from "@mantine/core";
import "@mantine/core/styles/List.css";
import type { Endpoint, EndpointInput, EndpointPatch } from "@signalbox/sdk";
import { useMutation } from "@tanstack/react-query";
import { endpoint as m } from "../../messages/en/endpoints.ts";
import { Form } from "../../parts/form/form.tsx";
import { useDraft } from "../../parts/form/use-draft.ts";
import { Section } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { useApi } from "../../session/api.ts";
import { useReadAgain } from "../../session/read-again.ts";
import { EndpointFields, type EndpointTexts, endpointTexts, settingsOf } from "./fields.tsx";
import { FilterEffect } from "./filter-effect.tsx";

interface Change {
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

export function SettingsTab({ endpoint: latest }: { readonly endpoint: Endpoint }) {
  const api = useApi();
  const readAgain = useReadAgain("endpoint");
  const { saved: endpoint, texts, changed, type, settle } = useDraft(latest, endpointTexts);
  const patch = patchOf(endpoint, texts, changed);
  const save = useMutation({
    mutationFn: (_sent: EndpointTexts) => api.endpoints.update(endpoint.id, patch as EndpointPatch),
    onSuccess: settle,
    onSettled: readAgain,
  });
  return (
    <Section title={m.tabs.settings}>
      <Form
        onSubmit={() => save.mutate(texts)}
        isPending={save.isPending}
        error={save.error}
        submit={m.save}
        isDisabled={Object.keys(patch).length === 0}
      >
        <EndpointFields texts={texts} onType={type} saved={endpointTexts(endpoint)} />
        <Changes changes={changesOf(endpoint, patch)} />
        {patch.event_types !== undefined && <FilterEffect filter={patch.event_types} endpointId={endpoint.id} />}
        {save.isSuccess && changed.size === 0 && <Alert role="status">{m.saved}</Alert>}
      </Form>
    </Section>
  );
}

function Changes({ changes }: { readonly changes: readonly Change[] }) {
  if (changes.length === 0) return <Text c="dimmed">{m.noChanges}</Text>;
  return (
    <div>
      <Text fw={600}>{m.changes}</Text>
      <Items size="sm">
        {changes.map(({ field, before, after }) => (
          <Items.Item key={field}>
            <Foreign text={m.change(field, before, after)} />
          </Items.Item>
        ))}
      </Items>
    </div>
  );
}

function changesOf(endpoint: Endpoint, patch: Partial<EndpointInput>): Change[] {
  return Object.entries(patch).map(([field, value]) => ({
    field,
    before: jsonOf(endpoint, field),
    after: JSON.stringify(value),
  }));
}

/** The settings that a person changed. Other spaces or another order of lines may be the same setting. */
function patchOf(
  endpoint: Endpoint,
  texts: EndpointTexts,
  changed: ReadonlySet<keyof EndpointTexts>,
): Partial<EndpointInput> {
  const typed = Object.entries(settingsOf(texts, false));
  return Object.fromEntries(
    typed.filter(
      ([field, value]) =>
        changed.has(field as keyof EndpointTexts) && jsonOf(endpoint, field) !== JSON.stringify(value),
    ),
  );
}

function jsonOf(endpoint: Endpoint, field: string): string {
  return JSON.stringify((endpoint as unknown as Record<string, unknown>)[field] ?? null);
}

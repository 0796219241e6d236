/** The settings of an endpoint, with what would change before it is saved. */
import { Alert, List as Items, Text } from "@mantine/core";
import "@mantine/core/styles/List.css";
import type { Endpoint, EndpointInput, EndpointPatch } from "@signalbox/sdk";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { endpoint as m } from "../../messages/en/endpoints.ts";
import { Form } from "../../parts/form/form.tsx";
import { Section } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { useApi } from "../../session/api.ts";
import { EndpointFields, settingsOf } from "./fields.tsx";
import { FilterEffect } from "./filter-effect.tsx";

interface Change {
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

/** What somebody else changes meanwhile stays as it is: only what was typed here is sent. */
export function SettingsTab({ endpoint: latest }: { readonly endpoint: Endpoint }) {
  const api = useApi();
  const queries = useQueryClient();
  // As it was when typing began.
  const [endpoint, setEndpoint] = useState(latest);
  const [settings, setSettings] = useState<EndpointInput | null>(null);
  const changes = settings === null ? [] : changesOf(endpoint, settings);
  const changesFilter = changes.some(({ field }) => field === "event_types");
  const save = useMutation({
    mutationFn: (values: FormData) => {
      const typed = settingsOf(values, false);
      const changed = new Set(changesOf(endpoint, typed).map(({ field }) => field));
      const patch = Object.fromEntries(Object.entries(typed).filter(([name]) => changed.has(name)));
      return api.endpoints.update(endpoint.id, patch as EndpointPatch);
    },
    onSuccess(saved) {
      setEndpoint(saved);
      setSettings(null);
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["endpoint"] }),
  });
  return (
    <Section title={m.tabs.settings}>
      <div
        onInput={(event) => {
          const form = (event.target as HTMLInputElement).form;
          if (form !== null) setSettings(settingsOf(new FormData(form), false));
        }}
      >
        <Form onSubmit={(values) => save.mutate(values)} isPending={save.isPending} error={save.error} submit={m.save}>
          <EndpointFields endpoint={endpoint} />
          <Changes changes={changes} />
          {changesFilter && <FilterEffect filter={settings?.event_types ?? null} endpointId={endpoint.id} />}
          {save.isSuccess && changes.length === 0 && <Alert role="status">{m.saved}</Alert>}
        </Form>
      </div>
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

function changesOf(endpoint: Endpoint, settings: object): Change[] {
  return Object.entries(settings).flatMap(([field, value]) => {
    const before = JSON.stringify((endpoint as unknown as Record<string, unknown>)[field] ?? null);
    const after = JSON.stringify(value ?? null);
    return before === after ? [] : [{ field, before, after }];
  });
}

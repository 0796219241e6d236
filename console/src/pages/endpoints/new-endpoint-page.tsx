/** `/console/endpoints/new`: registers an endpoint, and shows its secret once. */
import { standardKey } from "@domain/formats/keys.ts";
import { Alert, Group, SegmentedControl, Stack, Text } from "@mantine/core";
import "@mantine/core/styles/FloatingIndicator.css";
import "@mantine/core/styles/SegmentedControl.css";
import type { CreatedEndpoint } from "@signalbox/sdk";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useLayoutEffect, useState } from "react";
import { endpointForm as m } from "../../messages/en/endpoints.ts";
import { PasswordField } from "../../parts/form/fields.tsx";
import { Form } from "../../parts/form/form.tsx";
import { GoButton, useGo } from "../../parts/page/go.tsx";
import { Page, Section } from "../../parts/page/page.tsx";
import { CodeBlock } from "../../parts/text/code-block.tsx";
import { useApi } from "../../session/api.ts";
import classes from "./endpoint.module.css";
import { EndpointFields, NEW_ENDPOINT, settingsOf } from "./fields.tsx";
import { FilterEffect } from "./filter-effect.tsx";
import { RequestPreview } from "./request-preview.tsx";
import { SNIPPETS, type Snippet, snippetOf } from "./snippets.ts";

export default function NewEndpointPage() {
  const api = useApi();
  const go = useGo();
  const queries = useQueryClient();
  const [texts, setTexts] = useState(NEW_ENDPOINT);
  const settings = settingsOf(texts, true);
  const create = useMutation({
    async mutationFn(values: FormData) {
      const secret = String(values.get("secret") ?? "");
      const endpoint = await api.endpoints.create({ ...settings, ...(secret !== "" && { secret }) });
      const signsWith = endpoint.secret ?? secret;
      return { endpoint, isEncoded: standardKey(signsWith).encoding === "base64" };
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ["endpoint"] }),
  });
  if (create.data !== undefined) return <Created {...create.data} />;
  return (
    <Page title={m.title} lead={m.lead}>
      <div className={classes.columns}>
        <Section title={m.title}>
          <Form
            onSubmit={(values) => create.mutate(values)}
            isPending={create.isPending}
            error={create.error}
            submit={m.create}
            onCancel={() => go({ to: "/endpoints" })}
          >
            <EndpointFields texts={texts} onType={(typed) => setTexts({ ...texts, ...typed })} />
            <PasswordField name="secret" label={m.secret} hint={m.secretHint} autoComplete="new-password" />
          </Form>
        </Section>
        <div>
          <RequestPreview settings={settings} />
          <Section title={m.wouldGet}>
            <FilterEffect filter={settings.event_types ?? null} />
          </Section>
        </div>
      </div>
    </Page>
  );
}

interface CreatedProps {
  readonly endpoint: CreatedEndpoint;
  /** Whether the secret is `whsec_` and base64. */
  readonly isEncoded: boolean;
}

function Created({ endpoint, isEncoded }: CreatedProps) {
  const [snippet, setSnippet] = useState<Snippet>("node");
  // The button that created it is far down, and the secret at the top is shown only once.
  useLayoutEffect(() => window.scrollTo(0, 0), []);
  return (
    <Page title={m.created}>
      <Stack gap="md">
        {endpoint.secret !== undefined && (
          <Alert color="yellow" variant="light">
            <Text size="sm" mb="xs">
              {m.secretOnce}
            </Text>
            <CodeBlock text={endpoint.secret} label={m.secret} />
          </Alert>
        )}
        <Section title={m.verify}>
          <Stack gap="sm">
            <SegmentedControl
              size="xs"
              aria-label={m.program}
              value={snippet}
              onChange={(next) => setSnippet(next as Snippet)}
              data={SNIPPETS.map((value) => ({ value, label: m.snippets[value] }))}
            />
            <CodeBlock text={snippetOf(snippet, isEncoded)} label={m.program} />
            <Text size="sm" c="dimmed">
              {m.snippetHint}
            </Text>
          </Stack>
        </Section>
        <Group>
          <GoButton to={`/endpoints/${endpoint.id}/test`}>{m.toTest}</GoButton>
          <GoButton variant="default" to={`/endpoints/${endpoint.id}`}>
            {m.toEndpoint}
          </GoButton>
        </Group>
      </Stack>
    </Page>
  );
}

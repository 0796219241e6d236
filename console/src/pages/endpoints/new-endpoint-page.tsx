/** `/console/endpoints/new`: registers an endpoint, and shows its secret once. */
import { Alert, Group, Stack, Text } from "@mantine/core";
import type { CreatedEndpoint } from "@signalbox/sdk";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { endpointForm as m } from "../../messages/en/endpoints.ts";
import { PasswordField } from "../../parts/form/fields.tsx";
import { Form } from "../../parts/form/form.tsx";
import { GoButton, useGo } from "../../parts/page/go.tsx";
import { Page, Section } from "../../parts/page/page.tsx";
import { CodeBlock } from "../../parts/text/code-block.tsx";
import { useApi } from "../../session/api.ts";
import { EndpointFields, settingsOf } from "./fields.tsx";

export default function NewEndpointPage() {
  const api = useApi();
  const go = useGo();
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: (values: FormData) => {
      const secret = String(values.get("secret") ?? "");
      return api.endpoints.create({ ...settingsOf(values, true), ...(secret !== "" && { secret }) });
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ["endpoint"] }),
  });
  if (create.data !== undefined) return <Created endpoint={create.data} />;
  return (
    <Page title={m.title} lead={m.lead}>
      <Section title={m.title}>
        <Form
          onSubmit={(values) => create.mutate(values)}
          isPending={create.isPending}
          error={create.error}
          submit={m.create}
          onCancel={() => go({ to: "/endpoints" })}
        >
          <EndpointFields />
          <PasswordField name="secret" label={m.secret} hint={m.secretHint} autoComplete="new-password" />
        </Form>
      </Section>
    </Page>
  );
}

const VERIFY = `import { verify } from "@signalbox/sdk";

// rawBody: the bytes of the request, before anything parses them
const secret = process.env.WEBHOOK_SECRET;
const { type, data } = await verify({ body: rawBody, headers: request.headers, secret });`;

function Created({ endpoint }: { readonly endpoint: CreatedEndpoint }) {
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
          <CodeBlock text={VERIFY} label={m.program} />
        </Section>
        <Group>
          <GoButton to={`/endpoints/${endpoint.id}`}>{m.toEndpoint}</GoButton>
        </Group>
      </Stack>
    </Page>
  );
}

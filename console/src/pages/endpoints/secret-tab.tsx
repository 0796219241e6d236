/** Replacing the signing secret, with an overlap. */
import { Alert, Text } from "@mantine/core";
import type { Endpoint, RotateSecretInput } from "@signalbox/sdk";
import { useMutation } from "@tanstack/react-query";
import { endpoint as m } from "../../messages/en/endpoints.ts";
import { NumberField, PasswordField } from "../../parts/form/fields.tsx";
import { Form } from "../../parts/form/form.tsx";
import { typedNumber } from "../../parts/form/typed-number.ts";
import { Section } from "../../parts/page/page.tsx";
import { CodeBlock } from "../../parts/text/code-block.tsx";
import { Time } from "../../parts/time/time.tsx";
import { useApi } from "../../session/api.ts";
import { useReadAgain } from "../../session/read-again.ts";

export function SecretTab({ endpoint }: { readonly endpoint: Endpoint }) {
  const api = useApi();
  const readAgain = useReadAgain("endpoint");
  const rotate = useMutation({
    mutationFn: (values: FormData) => {
      const secret = String(values.get("secret") ?? "");
      const overlap = String(values.get("overlap_seconds") ?? "").trim();
      const input = {
        ...(secret !== "" && { secret }),
        ...(overlap !== "" && { overlap_seconds: typedNumber(overlap) }),
      };
      return api.endpoints.rotateSecret(endpoint.id, input as RotateSecretInput);
    },
    onSettled: readAgain,
  });
  const until = endpoint.previous_secret_expires_at;
  return (
    <Section title={m.rotateTitle}>
      <Text mb="md">{m.rotateHint}</Text>
      <Text mb="md">
        {until === null ? (
          m.noPrevious
        ) : (
          <>
            {m.previousUntil} <Time at={until} absolute focusable />.
          </>
        )}
      </Text>
      <Form
        onSubmit={(values) => rotate.mutate(values)}
        isPending={rotate.isPending}
        error={rotate.error}
        submit={m.rotate}
      >
        <PasswordField name="secret" label={m.ownSecret} autoComplete="new-password" />
        <NumberField name="overlap_seconds" label={m.overlap} hint={m.overlapHint} defaultValue="86400" />
        {rotate.data !== undefined && (
          <Alert role="status" color="yellow" variant="light">
            <Text size="sm">{m.rotated}</Text>
            {rotate.data.secret !== undefined && (
              <>
                <Text size="sm" mb="xs">
                  {m.secretOnce}
                </Text>
                <CodeBlock text={rotate.data.secret} label={m.ownSecret} />
              </>
            )}
          </Alert>
        )}
      </Form>
    </Section>
  );
}

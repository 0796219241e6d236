/** "Would the refused requests verify with another secret?" Nothing is saved. */
import { List, Text } from "@mantine/core";
import "@mantine/core/styles/List.css";
import type { SourceScheme } from "@signalbox/sdk";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { trial as m, source } from "../../messages/en/inbound.ts";
import { SwitchField, TextField } from "../../parts/form/fields.tsx";
import { Form } from "../../parts/form/form.tsx";
import { GoButton } from "../../parts/page/go.tsx";
import { Section } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { useApi } from "../../session/api.ts";
import { HmacFields, NEW_HMAC, typedHmac } from "./hmac-fields.tsx";
import { reasonOf } from "./record-columns.tsx";
import { carrySecret } from "./tried-secret.ts";

interface TrialProps {
  readonly sourceId: string;
  readonly scheme: SourceScheme | null;
  /** Only this request. */
  readonly recordId?: string;
  /** Requests would verify with this secret. Without it, a link carries the secret to the form of the source. */
  readonly onVerified?: (secret: string) => void;
}

export function Trial({ sourceId, scheme, recordId, onVerified }: TrialProps) {
  const api = useApi();
  const [secret, setSecret] = useState("");
  const [changesHmac, setChangesHmac] = useState(false);
  const [hmac, setHmac] = useState(NEW_HMAC);
  const attempt = useMutation({
    mutationFn: (tried: string) =>
      api.sources.try(sourceId, {
        ...(tried !== "" && { secret: tried }),
        ...(changesHmac && { hmac: typedHmac(hmac) }),
        ...(recordId !== undefined && { event_id: recordId }),
      }),
    onSuccess: ({ would_verify: verified }, tried) => {
      if (verified > 0 && tried !== "") onVerified?.(tried);
    },
  });
  const { data: result, variables: tried = "" } = attempt;
  const isElsewhere = onVerified === undefined;
  if (scheme === "none") return null;
  return (
    <Section title={recordId === undefined ? m.title : m.one}>
      <div style={{ maxInlineSize: 560 }}>
        <Form
          onSubmit={() => attempt.mutate(secret)}
          isPending={attempt.isPending}
          error={attempt.error}
          submit={m.submit}
        >
          <Text size="sm" c="dimmed">
            {m.lead}
          </Text>
          <TextField
            name="secret"
            label={m.secret}
            value={secret}
            onChange={(event) => setSecret(event.currentTarget.value)}
          />
          {scheme === "hmac" && <SwitchField label={m.otherOptions} checked={changesHmac} onChange={setChangesHmac} />}
          {changesHmac && <HmacFields value={hmac} onChange={setHmac} />}
        </Form>
        <Text role="status" component="div" mt="md">
          {result !== undefined && <Result of={result} isOne={recordId !== undefined} />}
        </Text>
        {isElsewhere && result !== undefined && result.would_verify > 0 && tried !== "" && (
          <GoButton
            to={`/inbound/${sourceId}/secret`}
            variant="default"
            mt="sm"
            onClick={() => carrySecret(sourceId, tried)}
          >
            {source.rotate}
          </GoButton>
        )}
      </div>
    </Section>
  );
}

type TrialResult = Awaited<ReturnType<ReturnType<typeof useApi>["sources"]["try"]>>;

function Result({ of, isOne }: { readonly of: TrialResult; readonly isOne: boolean }) {
  const { tried, would_verify: verified, would_fail: failing, explanation } = of;
  if (isOne) {
    return (
      <Text>
        {verified === 1 ? m.yes : m.no} {explanation !== null && <Foreign text={explanation} />}
      </Text>
    );
  }
  return (
    <>
      <Text>{m.result(verified, tried)}</Text>
      {verified > 0 && <Text size="sm">{m.next}</Text>}
      {failing.length > 0 && (
        <>
          <Text size="sm">{m.failing}</Text>
          <List size="sm">
            {failing.map(({ rejection_reason: reason, count }) => (
              <List.Item key={reason}>
                {reasonOf(reason)}: {count}
              </List.Item>
            ))}
          </List>
        </>
      )}
    </>
  );
}

/** Sends a test of any type, and shows what was sent, what was answered, and how long each part took. */
import { isEventType } from "@domain/delivery/event.ts";
import { Alert, Group, Stack } from "@mantine/core";
import type { Endpoint, EndpointTestResult, TestInput } from "@signalbox/sdk";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { endpointTest as m } from "../../messages/en/endpoints.ts";
import { publish } from "../../messages/en/events.ts";
import { AttemptExchange } from "../../parts/exchange/exchange.tsx";
import { ChoiceField, LongField, TextField } from "../../parts/form/fields.tsx";
import { type FieldFault, Form } from "../../parts/form/form.tsx";
import { payloadFault } from "../../parts/form/payload-fault.ts";
import { Go } from "../../parts/page/go.tsx";
import { Section } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { useApi } from "../../session/api.ts";
import { useReadAgain } from "../../session/read-again.ts";

const CONTENTS = ["test", "own", "latest"] as const;
type Content = (typeof CONTENTS)[number];

export function TestTab({ endpoint }: { readonly endpoint: Endpoint }) {
  const api = useApi();
  const readAgain = useReadAgain("endpoint");
  const [content, setContent] = useState<Content>("test");
  const [faults, setFaults] = useState<readonly FieldFault[]>([]);
  const test = useMutation({
    mutationFn: (input: TestInput) => api.endpoints.test(endpoint.id, { input }),
    onSettled: readAgain,
  });
  const prepare = useMutation({
    async mutationFn(values: FormData) {
      const type = String(values.get("event_type") ?? "").trim();
      if (content === "test") return test.mutate({});
      const payload = String(values.get("payload") ?? "");
      const found = content === "own" ? ownFaults(type, payload) : typeFaults(type);
      setFaults(found);
      if (found.length > 0) return;
      if (content === "own") return test.mutate({ event_type: type, payload });
      const [latest] = (await api.events.list({ limit: 1, ...(type !== "" && { type }) })).results;
      if (latest === undefined) setFaults([{ field: "event_type", rule: m.noneStored }]);
      else test.mutate({ event_id: latest.id });
    },
  });
  return (
    <>
      <Section title={m.title}>
        <Form
          onSubmit={(values) => {
            test.reset();
            setFaults([]);
            prepare.mutate(values);
          }}
          isPending={prepare.isPending || test.isPending}
          error={prepare.error ?? test.error}
          faults={faults}
          submit={m.send}
        >
          <ContentFields content={content} onChange={setContent} />
        </Form>
      </Section>
      {test.data !== undefined && <Result result={test.data.data} />}
    </>
  );
}

interface ContentFieldsProps {
  readonly content: Content;
  readonly onChange: (content: Content) => void;
}

function ContentFields({ content, onChange }: ContentFieldsProps) {
  return (
    <>
      <ChoiceField
        name="content"
        label={m.content}
        hint={m.hints[content]}
        value={content}
        onChange={(next) => onChange(next as Content)}
        options={CONTENTS.map((value) => ({ value, label: m.contents[value] }))}
      />
      {content !== "test" && (
        <TextField
          name="event_type"
          label={m.type}
          hint={content === "own" ? publish.typeHint : m.latestTypeHint}
          placeholder="order.created"
        />
      )}
      {content === "own" && (
        <LongField name="payload" label={m.payload} rows={6} isCode defaultValue={'{\n  "id": 1\n}'} />
      )}
    </>
  );
}

function ownFaults(type: string, payload: string): FieldFault[] {
  const rule = payloadFault(payload);
  return [
    ...(isEventType(type) ? [] : [{ field: "event_type", rule: publish.badType }]),
    ...(rule === null ? [] : [{ field: "payload", rule }]),
  ];
}

/** Of the latest event, the type may be left out. */
function typeFaults(type: string): FieldFault[] {
  return type === "" || isEventType(type) ? [] : [{ field: "event_type", rule: publish.badType }];
}

function Result({ result }: { readonly result: EndpointTestResult["data"] }) {
  return (
    <Section title={m.result}>
      <Stack gap="md">
        <Alert role="status" color={result.success ? "green" : "red"} variant="light">
          <Foreign text={result.message} />
        </Alert>
        {result.delivery_id !== null && (
          <>
            <AttemptExchange deliveryId={result.delivery_id} number={1} />
            <Group>
              <Go td="underline" to={`/deliveries/${result.delivery_id}`}>
                {m.toDelivery}
              </Go>
            </Group>
          </>
        )}
      </Stack>
    </Section>
  );
}

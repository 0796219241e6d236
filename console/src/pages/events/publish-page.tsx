/** `/console/events/publish`: publish an event, new or like another one. */
import { isEventType } from "@domain/delivery/event.ts";
import { PAYLOAD_BYTES_MAX } from "@domain/limits.ts";
import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import type { EventInput, PublishedEvent } from "@signalbox/sdk";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { publish as m } from "../../messages/en/events.ts";
import { Facts } from "../../parts/explain/facts.tsx";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Problem } from "../../parts/feedback/problem.tsx";
import { LongField, TextField } from "../../parts/form/fields.tsx";
import { type FieldFault, Form } from "../../parts/form/form.tsx";
import { payloadFault } from "../../parts/form/payload-fault.ts";
import { bytes } from "../../parts/locale.ts";
import { GoButton } from "../../parts/page/go.tsx";
import { Page, Section } from "../../parts/page/page.tsx";
import { visible } from "../../parts/text/visible.ts";
import { useApi, useTenant } from "../../session/api.ts";

/** What the form begins with. It comes from the URL, so that a link fills the form. */
interface Start {
  readonly type: string;
  readonly payload: string;
  readonly endpoints: string;
}

export default function PublishPage() {
  const api = useApi();
  const tenant = useTenant();
  const search = useSearch({ strict: false }) as Readonly<Record<string, unknown>>;
  const like = typeof search.like === "string" ? search.like : undefined;
  const source = useQuery({
    queryKey: ["event", "payload", tenant, like],
    queryFn: async ({ signal }) => {
      const id = like ?? "";
      const [event, payload] = await Promise.all([
        api.events.get(id, { signal }),
        api.events.getPayload(id, { signal }),
      ]);
      return { type: event.type, payload };
    },
    enabled: like !== undefined,
  });
  const text = (name: string): string => (typeof search[name] === "string" ? (search[name] as string) : "");
  const start: Start = {
    type: source.data?.type ?? text("type"),
    payload: source.data?.payload ?? '{\n  "id": 1\n}',
    endpoints: text("endpoint"),
  };
  const only = useQuery({
    queryKey: ["endpoint", "one", tenant, start.endpoints],
    queryFn: ({ signal }) => api.endpoints.get(start.endpoints, { signal }),
    enabled: start.endpoints !== "",
  });
  const name = start.endpoints === "" ? null : visible(only.data?.name ?? start.endpoints);
  const isReady = like === undefined || source.data !== undefined;
  return (
    <Page
      title={name === null ? m.title : m.titleTo(name)}
      lead={name !== null ? m.leadTo(name) : like === undefined ? m.lead : m.leadLike}
    >
      {source.error !== null && <Problem error={source.error} onRetry={() => void source.refetch()} />}
      {isReady ? <PublishForm start={start} /> : source.error === null && <LaterSkeleton rows={5} height={56} />}
    </Page>
  );
}

function PublishForm({ start }: { readonly start: Start }) {
  const api = useApi();
  const [fields, setFields] = useState<Fields>({ ...start, key: newKey() });
  const [faults, setFaults] = useState<readonly FieldFault[]>([]);
  const send = useMutation({
    mutationFn: () => api.events.publish(inputOf(fields), { idempotencyKey: fields.key }),
  });
  const set = (changes: Partial<Fields>): void => {
    setFields({ ...fields, ...changes });
    setFaults([]);
    // What the server said was about what was typed before.
    if (send.error !== null) send.reset();
  };
  const submit = (): void => {
    const found = check(fields);
    setFaults(found);
    send.reset();
    if (found.length === 0) send.mutate();
  };
  const another = (): void => {
    send.reset();
    set({ key: newKey() });
  };
  if (send.data !== undefined) return <Published result={send.data} onAnother={another} />;
  return (
    <Stack gap="lg">
      <Form onSubmit={submit} isPending={send.isPending} error={send.error} faults={faults} submit={m.submit}>
        <PublishFields fields={fields} onChange={set} />
      </Form>
      <Who type={fields.type} isNamed={fields.endpoints.trim() !== ""} />
    </Stack>
  );
}

interface PublishFieldsProps {
  readonly fields: Fields;
  readonly onChange: (changes: Partial<Fields>) => void;
}

function PublishFields({ fields, onChange }: PublishFieldsProps) {
  const used = bytes(new Blob([fields.payload]).size);
  return (
    <>
      <TextField
        name="type"
        label={m.type}
        hint={m.typeHint}
        value={fields.type}
        onChange={(event) => onChange({ type: event.currentTarget.value })}
        placeholder="order.created"
      />
      <LongField
        name="payload"
        label={m.payload}
        hint={`${m.payloadHint} ${m.bytes(used, bytes(PAYLOAD_BYTES_MAX))}.`}
        value={fields.payload}
        onChange={(payload) => onChange({ payload })}
        rows={8}
        isCode
      />
      <LongField
        name="endpoint_ids"
        label={m.endpoints}
        hint={m.endpointsHint}
        value={fields.endpoints}
        onChange={(endpoints) => onChange({ endpoints })}
        rows={2}
        isCode
      />
      <TextField
        name="Idempotency-Key"
        label={m.key}
        hint={m.keyHint}
        value={fields.key}
        onChange={(event) => onChange({ key: event.currentTarget.value })}
      />
    </>
  );
}

/** `crypto.randomUUID` exists only on secure origins. A console on a private network often has none. */
function newKey(): string {
  const random = crypto.getRandomValues(new Uint8Array(16));
  return `console-${Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** Who would get the event, while the type is typed. */
function Who({ type, isNamed }: { readonly type: string; readonly isNamed: boolean }) {
  const api = useApi();
  const tenant = useTenant();
  const isValid = isEventType(type);
  const would = useQuery({
    queryKey: ["endpoint", "would-get", tenant, type],
    queryFn: ({ signal }) => api.events.suppose({ type }, { signal }),
    enabled: isValid && !isNamed,
  });
  if (!isValid || isNamed || would.data === undefined) return null;
  return (
    <Section title={m.who}>
      <Facts facts={would.data.facts} />
    </Section>
  );
}

function Published({ result, onAnother }: { readonly result: PublishedEvent; readonly onAnother: () => void }) {
  const isRepeat = result.deliveries.length > 0 && result.deliveries.every(({ created }) => !created);
  const said = useRef<HTMLDivElement>(null);
  // The form that had the focus is gone.
  useEffect(() => said.current?.focus(), []);
  return (
    <Alert ref={said} tabIndex={-1} color={isRepeat ? "yellow" : "green"} variant="light" role="status">
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{isRepeat ? m.repeated : m.published(result.deliveries.length)}</Text>
        <Group>
          <GoButton to={`/events/${result.event_id}`}>{m.open}</GoButton>
          <Button variant="default" onClick={onAnother}>
            {m.another}
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}

interface Fields extends Start {
  readonly key: string;
}

function inputOf({ type, payload, endpoints }: Fields): EventInput {
  const ids = endpoints.split(/[\s,]+/).filter((id) => id !== "");
  return { type, payload, ...(ids.length > 0 && { endpoint_ids: ids }) };
}

/** What the server would refuse as well. The server checks everything else. */
function check({ type, payload }: Fields): FieldFault[] {
  const found: FieldFault[] = [];
  if (!isEventType(type)) found.push({ field: "type", rule: m.badType });
  const rule = payloadFault(payload);
  if (rule !== null) found.push({ field: "payload", rule });
  return found;
}

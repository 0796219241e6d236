/** The fields of an endpoint's settings, for a new one and for a change. */
import { FORMATS } from "@domain/endpoints/endpoint.ts";
import { Button, Code, Group, Input } from "@mantine/core";
import type { Endpoint, EndpointInput } from "@signalbox/sdk";
import { useState } from "react";
import { endpointForm as m } from "../../messages/en/endpoints.ts";
import { ChoiceField, LongField, NumberField, SwitchField, TextField } from "../../parts/form/fields.tsx";

export function EndpointFields({ endpoint }: { readonly endpoint?: Endpoint }) {
  const [ordered, setOrdered] = useState(endpoint?.ordered ?? false);
  return (
    <>
      <TextField name="url" label={m.url} hint={m.urlHint} required type="url" defaultValue={endpoint?.url ?? ""} />
      <TextField name="name" label={m.name} hint={m.nameHint} defaultValue={endpoint?.name ?? ""} />
      <LongField name="description" label={m.description} rows={2} defaultValue={endpoint?.description ?? ""} />
      <LongField
        name="event_types"
        label={m.types}
        hint={m.typesHint}
        rows={3}
        isCode
        defaultValue={endpoint?.event_types?.join("\n") ?? ""}
      />
      <ChoiceField
        name="format"
        label={m.format}
        options={FORMATS.map((value) => ({ value, label: value }))}
        defaultValue={endpoint?.format ?? "standard"}
      />
      <HeadersField headers={endpoint?.headers_json ?? {}} />
      <NumberField name="timeout_seconds" label={m.timeout} defaultValue={String(endpoint?.timeout_seconds ?? 10)} />
      <TextField
        name="retry_schedule_seconds"
        label={m.retries}
        hint={endpoint === undefined ? m.newRetriesHint : m.retriesHint}
        defaultValue={endpoint?.retry_schedule_seconds.join(", ") ?? ""}
      />
      <NumberField
        name="rate_limit_per_second"
        label={m.rateLimit}
        hint={m.rateLimitHint}
        defaultValue={String(endpoint?.rate_limit_per_second ?? "")}
      />
      <NumberField name="max_in_flight" label={m.maxInFlight} defaultValue={String(endpoint?.max_in_flight ?? 32)} />
      <SwitchField label={m.ordered} checked={ordered} onChange={setOrdered} />
      <input type="hidden" name="ordered" value={String(ordered)} />
    </>
  );
}

/** The values may be secrets. They are in the page only after somebody asked for them. */
function HeadersField({ headers }: { readonly headers: Readonly<Record<string, string>> }) {
  const names = Object.keys(headers);
  const [isShown, setShown] = useState(names.length === 0);
  if (isShown) {
    const lines = names.map((name) => `${name}: ${headers[name]}`).join("\n");
    return (
      <LongField name="headers_json" label={m.headers} hint={m.headersHint} rows={2} isCode defaultValue={lines} />
    );
  }
  return (
    <Input.Wrapper label={m.headers} labelElement="div" description={m.headersMasked}>
      <Group gap="sm" mt={4} align="flex-start" justify="space-between">
        <Code block style={{ flex: 1 }}>
          {names.map((name) => `${name}: ••••••••`).join("\n")}
        </Code>
        <Button variant="default" onClick={() => setShown(true)}>
          {m.showHeaders}
        </Button>
      </Group>
    </Input.Wrapper>
  );
}

/** What the form says, as the API takes it. What is not a number goes as it is: the server says what it should be. */
export function settingsOf(values: FormData, isNew: boolean): EndpointInput {
  const field = (name: string): string => String(values.get(name) ?? "").trim();
  const schedule = splitBy(field("retry_schedule_seconds"), ",").map(numberOrText);
  const types = splitBy(field("event_types"), "\n");
  const settings = {
    url: field("url"),
    ...(field("name") !== "" && { name: field("name") }),
    description: field("description") === "" ? null : field("description"),
    event_types: types.length === 0 ? null : types,
    format: field("format"),
    // Absent while the values are masked.
    ...(values.has("headers_json") && { headers_json: headersOf(field("headers_json")) }),
    timeout_seconds: numberOrText(field("timeout_seconds")),
    ...(!(isNew && schedule.length === 0) && { retry_schedule_seconds: schedule }),
    rate_limit_per_second: field("rate_limit_per_second") === "" ? null : numberOrText(field("rate_limit_per_second")),
    max_in_flight: numberOrText(field("max_in_flight")),
    ordered: field("ordered") === "true",
  };
  return settings as EndpointInput;
}

function splitBy(text: string, separator: string): string[] {
  return text
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function numberOrText(text: string): number | string {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

function headersOf(text: string): Record<string, string> {
  return Object.fromEntries(
    splitBy(text, "\n").map((line) => {
      const colon = line.indexOf(":");
      return colon === -1 ? [line, ""] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );
}

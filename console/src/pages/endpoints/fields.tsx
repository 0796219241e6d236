/** The fields of an endpoint's settings, for a new one and for a change. */
import { endpointDefaults, FORMATS } from "@domain/endpoints/endpoint.ts";
import { Button, Code, Group, Input } from "@mantine/core";
import type { Endpoint, EndpointInput } from "@signalbox/sdk";
import { type ChangeEvent, useState } from "react";
import { endpointForm as m } from "../../messages/en/endpoints.ts";
import { ChoiceField, LongField, NumberField, SwitchField, TextField } from "../../parts/form/fields.tsx";
import { typedNumber } from "../../parts/form/typed-number.ts";

/** What the fields show, by their names in the API. */
export type EndpointTexts = Readonly<Record<(typeof FIELDS)[number], string>>;

const FIELDS = [
  "url",
  "name",
  "description",
  "event_types",
  "format",
  "headers_json",
  "timeout_seconds",
  "retry_schedule_seconds",
  "rate_limit_per_second",
  "max_in_flight",
  "ordered",
] as const;

const DEFAULT_RETRIES = endpointDefaults("endpoints").retryScheduleSeconds.join(", ");

export const NEW_ENDPOINT: EndpointTexts = {
  url: "",
  name: "",
  description: "",
  event_types: "",
  format: "standard",
  headers_json: "",
  timeout_seconds: "10",
  retry_schedule_seconds: DEFAULT_RETRIES,
  rate_limit_per_second: "",
  max_in_flight: "32",
  ordered: "false",
};

export function endpointTexts(endpoint: Endpoint): EndpointTexts {
  return {
    url: endpoint.url,
    name: endpoint.name,
    description: endpoint.description ?? "",
    event_types: endpoint.event_types?.join("\n") ?? "",
    format: endpoint.format,
    headers_json: headerLines(Object.entries(endpoint.headers_json)),
    timeout_seconds: String(endpoint.timeout_seconds),
    retry_schedule_seconds: endpoint.retry_schedule_seconds.join(", "),
    rate_limit_per_second: String(endpoint.rate_limit_per_second ?? ""),
    max_in_flight: String(endpoint.max_in_flight),
    ordered: String(endpoint.ordered),
  };
}

interface EndpointFieldsProps {
  readonly texts: EndpointTexts;
  readonly onType: (texts: Partial<EndpointTexts>) => void;
  /** What is saved; absent for a new endpoint. */
  readonly saved?: EndpointTexts;
}

export function EndpointFields({ texts, onType, saved }: EndpointFieldsProps) {
  const short = (name: keyof EndpointTexts) => ({
    name,
    value: texts[name],
    onChange: (event: ChangeEvent<HTMLInputElement>) => onType({ [name]: event.currentTarget.value }),
  });
  const long = (name: keyof EndpointTexts) => ({
    name,
    value: texts[name],
    onChange: (value: string) => onType({ [name]: value }),
  });
  return (
    <>
      <TextField {...short("url")} label={m.url} hint={m.urlHint} required type="url" />
      <TextField {...short("name")} label={m.name} hint={m.nameHint} />
      <LongField {...long("description")} label={m.description} rows={2} />
      <LongField {...long("event_types")} label={m.types} hint={m.typesHint} rows={3} isCode />
      <ChoiceField {...long("format")} label={m.format} options={FORMATS.map((value) => ({ value, label: value }))} />
      <HeadersField {...long("headers_json")} saved={saved?.headers_json ?? ""} />
      <NumberField {...short("timeout_seconds")} label={m.timeout} />
      <TextField {...short("retry_schedule_seconds")} label={m.retries} hint={m.retriesHint(DEFAULT_RETRIES)} />
      <NumberField {...short("rate_limit_per_second")} label={m.rateLimit} hint={m.rateLimitHint} />
      <NumberField {...short("max_in_flight")} label={m.maxInFlight} />
      <SwitchField
        label={m.ordered}
        checked={texts.ordered === "true"}
        onChange={(ordered) => onType({ ordered: String(ordered) })}
      />
    </>
  );
}

interface HeadersFieldProps {
  readonly name: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly saved: string;
}

/** The values may be secrets. Those that are saved are in the page only after somebody asked for them. */
function HeadersField({ saved, ...field }: HeadersFieldProps) {
  const [isAsked, setAsked] = useState(false);
  if (isAsked || saved === "" || field.value !== saved) {
    return <LongField {...field} label={m.headers} hint={m.headersHint} rows={2} isCode />;
  }
  return (
    <Input.Wrapper label={m.headers} labelElement="div" description={m.headersMasked}>
      <Group gap="sm" mt={4} align="flex-start" justify="space-between">
        <Code block style={{ flex: 1 }}>
          {headerLines(Object.keys(headersOf(saved)).map((name) => [name, "••••••••"]))}
        </Code>
        <Button variant="default" onClick={() => setAsked(true)}>
          {m.showHeaders}
        </Button>
      </Group>
    </Input.Wrapper>
  );
}

/** What the form says, as the API takes it. */
export function settingsOf(texts: EndpointTexts, isNew: boolean): EndpointInput {
  const field = (name: keyof EndpointTexts): string => texts[name].trim();
  const schedule = splitBy(field("retry_schedule_seconds"), ",").map(typedNumber);
  const types = splitBy(field("event_types"), "\n");
  const settings = {
    url: field("url"),
    ...(!(isNew && field("name") === "") && { name: field("name") }),
    description: field("description") === "" ? null : field("description"),
    event_types: types.length === 0 ? null : types,
    format: field("format"),
    headers_json: headersOf(field("headers_json")),
    timeout_seconds: typedNumber(field("timeout_seconds")),
    retry_schedule_seconds: schedule,
    rate_limit_per_second: field("rate_limit_per_second") === "" ? null : typedNumber(field("rate_limit_per_second")),
    max_in_flight: typedNumber(field("max_in_flight")),
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

function headerLines(headers: readonly (readonly [name: string, value: string])[]): string {
  return headers.map(([name, value]) => `${name}: ${value}`).join("\n");
}

function headersOf(text: string): Record<string, string> {
  return Object.fromEntries(
    splitBy(text, "\n").map((line) => {
      const colon = line.indexOf(":");
      return colon === -1 ? [line, ""] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );
}

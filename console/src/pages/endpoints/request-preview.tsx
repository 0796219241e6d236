/** The request that an endpoint would get, in each format, as the server renders it. */
import { FORMATS, type Format } from "@domain/endpoints/endpoint.ts";
import { renderBody, renderHeaders } from "@domain/formats/index.ts";
import { ID_PREFIX, parseId, type Uuid } from "@domain/ids.ts";
import { SegmentedControl, Stack, Text } from "@mantine/core";
import "@mantine/core/styles/FloatingIndicator.css";
import "@mantine/core/styles/SegmentedControl.css";
import type { EndpointInput } from "@signalbox/sdk";
import { useState } from "react";
import { endpointForm as m } from "../../messages/en/endpoints.ts";
import { useIsNarrow } from "../../parts/page/narrow.ts";
import { Section } from "../../parts/page/page.tsx";
import { CodeBlock } from "../../parts/text/code-block.tsx";
import { useTenant } from "../../session/api.ts";
import { useMe } from "../../session/me.ts";

/** Shown until the person chooses another format, here or in the form. */
export function RequestPreview({ settings }: { readonly settings: EndpointInput }) {
  const ofForm = settings.format ?? "standard";
  const [chosen, setChosen] = useState<{ readonly format: Format; readonly ofForm: Format } | null>(null);
  const format = chosen?.ofForm === ofForm ? chosen.format : ofForm;
  const isNarrow = useIsNarrow();
  const chosenTenant = useTenant();
  const { tenant } = useMe();
  const tenantId = parseId(ID_PREFIX.tenant, chosenTenant ?? tenant.id) ?? SAMPLE;
  return (
    <Section title={m.preview}>
      <Stack gap="sm">
        <SegmentedControl
          size="xs"
          orientation={isNarrow ? "vertical" : "horizontal"}
          aria-label={m.previewFormat}
          value={format}
          onChange={(next) => setChosen({ format: next as Format, ofForm })}
          data={[...FORMATS]}
        />
        <CodeBlock text={requestText(settings, format, tenantId)} label={m.previewText} />
        <Text size="sm" c="dimmed">
          {m.previewHint} {m.formatHints[format]}
        </Text>
      </Stack>
    </Section>
  );
}

const SAMPLE = "0190e0c4-5b1a-7cc0-8f00-0123456789ab" as Uuid;
const SAMPLE_TYPE = "order.created";

function requestText(settings: EndpointInput, format: Format, tenantId: Uuid): string {
  const url = new URL(URL.canParse(settings.url) ? settings.url : "https://example.com/webhooks");
  const now = Date.now();
  const payload = '{"id":1}';
  const event = { id: SAMPLE, tenantId, type: typeFor(settings), payload, acceptedAt: now, pauseId: null };
  const body = renderBody(format, event);
  const headers = renderHeaders({
    format,
    event,
    deliveryId: SAMPLE,
    attemptNumber: 1,
    secrets: { current: "", previous: null },
    customHeaders: settings.headers_json ?? {},
    now,
    body,
    userAgent: "Signalbox/…",
    hmac: () => m.signature,
  });
  const lines = [`POST ${url.pathname}${url.search} HTTP/1.1`, `host: ${url.host}`];
  for (let index = 0; index < headers.length; index += 2) lines.push(`${headers[index]}: ${headers[index + 1]}`);
  lines.push(`content-length: ${new Blob([body]).size}`, "", body);
  return lines.join("\n");
}

/** A type that the filter matches. */
function typeFor({ event_types: filters }: EndpointInput): string {
  const [first] = filters ?? [];
  return first === undefined ? SAMPLE_TYPE : first.replace(/\.\*$/, ".created");
}

/** The settings of an endpoint, for a person who may not change them. */
import type { Endpoint } from "@signalbox/sdk";
import { endpointForm as form, endpoints as list, endpoint as m } from "../../messages/en/endpoints.ts";
import { Section } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { NameValues } from "../../parts/text/name-values.tsx";

const NONE = "–";

export function SettingsShown({ endpoint }: { readonly endpoint: Endpoint }) {
  const rows = [
    [form.url, endpoint.url],
    [form.name, endpoint.name],
    [form.description, endpoint.description ?? NONE],
    [form.types, endpoint.event_types?.join(", ") ?? list.allTypes],
    [form.format, endpoint.format],
    [form.headers, Object.keys(endpoint.headers_json).join(", ") || NONE],
    [form.timeout, String(endpoint.timeout_seconds)],
    [form.retries, endpoint.retry_schedule_seconds.join(", ") || NONE],
    [form.rateLimit, String(endpoint.rate_limit_per_second ?? NONE)],
    [form.maxInFlight, String(endpoint.max_in_flight)],
    [form.inOrder, endpoint.ordered ? form.yes : form.no],
  ] as const;
  return (
    <Section title={m.tabs.settings}>
      <NameValues rows={rows.map(([name, value]) => [name, <Foreign key={name} text={value} />])} />
    </Section>
  );
}

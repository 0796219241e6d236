/** One tenant: its name, its settings, and its quotas with what of them is used. */
import { Drawer, Text, Textarea } from "@mantine/core";
import { SignalboxError, type TenantChanges, type TenantDetails } from "@signalbox/sdk";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { tenants as m } from "../../messages/en/access.ts";
import { form } from "../../messages/en/app.ts";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Problem } from "../../parts/feedback/problem.tsx";
import { ChoiceField, NumberField, TextField } from "../../parts/form/fields.tsx";
import { Form } from "../../parts/form/form.tsx";
import { visible } from "../../parts/text/visible.ts";
import { apiFor } from "../../session/api.ts";

type QuotaName = keyof TenantDetails["quotas"];
const QUOTAS: readonly QuotaName[] = [
  "endpoints",
  "keys",
  "sources",
  "open_pauses",
  "stored_bytes",
  "events_per_second",
];

export function TenantDrawer({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const query = useQuery({
    queryKey: ["tenant", id],
    queryFn: ({ signal }) => apiFor(undefined).tenants.get(id, { signal }),
  });
  const title = query.data === undefined ? id : visible(query.data.name);
  return (
    <Drawer opened onClose={onClose} title={title} position="right" closeButtonProps={{ "aria-label": form.close }}>
      {query.data !== undefined ? (
        <TenantForm key={id} tenant={query.data} />
      ) : query.error === null ? (
        <LaterSkeleton rows={8} />
      ) : (
        <Problem error={query.error} onRetry={() => void query.refetch()} isRetrying={query.isFetching} />
      )}
    </Drawer>
  );
}

function TenantForm({ tenant }: { readonly tenant: TenantDetails }) {
  const queries = useQueryClient();
  const [name, setName] = useState(tenant.name);
  const [links, setLinks] = useState(tenant.links);
  const [origins, setOrigins] = useState(tenant.portal_origins.join("\n"));
  const [quotas, setQuotas] = useState(() => textsOf(tenant));
  const save = useMutation({
    mutationFn: () => apiFor(undefined).tenants.update(tenant.id, changesOf(tenant, { name, links, origins, quotas })),
    onSuccess: () => void queries.invalidateQueries({ queryKey: ["tenant"] }),
  });
  return (
    <>
      <Form onSubmit={() => save.mutate()} isPending={save.isPending} error={save.error} submit={m.save}>
        <TextField
          name="name"
          label={m.name}
          hint={m.nameHint}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <ChoiceField
          name="links"
          label={m.links}
          hint={m.linksHint}
          value={links}
          onChange={(next) => setLinks(next as TenantDetails["links"])}
          options={(["shown", "withheld"] as const).map((value) => ({ value, label: m.linkStates[value] }))}
        />
        <OriginsField value={origins} onChange={setOrigins} error={save.error} />
        <Text fw={600} size="sm">
          {m.quotas}
        </Text>
        {QUOTAS.map((quota) => (
          <QuotaField
            key={quota}
            quota={quota}
            tenant={tenant}
            value={quotas[quota]}
            onChange={(value) => setQuotas({ ...quotas, [quota]: value })}
          />
        ))}
      </Form>
      <Text size="sm" role="status">
        {save.isSuccess ? m.saved : ""}
      </Text>
    </>
  );
}

interface OriginsFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly error: unknown;
}

/** The server names the place in the list, `portal_origins[1]`, which here is a line. */
function OriginsField({ value, onChange, error }: OriginsFieldProps) {
  const faults = error instanceof SignalboxError ? error.details : [];
  const rules = faults.filter(({ field }) => field.startsWith("portal_origins")).map(({ rule }) => rule);
  return (
    <Textarea
      label={m.origins}
      description={m.originsHint}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={rules.length === 0 ? null : [...new Set(rules)].join(" ")}
      rows={3}
      spellCheck={false}
    />
  );
}

interface QuotaFieldProps {
  readonly quota: QuotaName;
  readonly tenant: TenantDetails;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function QuotaField({ quota, tenant, value, onChange }: QuotaFieldProps) {
  const { default: normal, ...rest } = tenant.quotas[quota];
  const used = "used" in rest ? `${m.usedOf(rest.used as number)}. ` : "";
  return (
    <NumberField
      name={`quotas.${quota}`}
      label={m.quota[quota]}
      hint={`${used}${m.defaultIs(normal)}`}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function textsOf(tenant: TenantDetails): Readonly<Record<QuotaName, string>> {
  const texts = QUOTAS.map((quota) => [quota, String(tenant.quotas[quota].limit)] as const);
  return Object.fromEntries(texts) as Record<QuotaName, string>;
}

interface Typed {
  readonly name: string;
  readonly links: TenantDetails["links"];
  readonly origins: string;
  readonly quotas: Readonly<Record<QuotaName, string>>;
}

/** Only what changed, so that a quota that somebody else changed meanwhile stays. */
function changesOf(tenant: TenantDetails, { name, links, origins, quotas }: Typed): TenantChanges {
  const lines = origins.split(/\s+/).filter((line) => line !== "");
  const before = textsOf(tenant);
  const changed = QUOTAS.filter((quota) => quotas[quota].trim() !== before[quota]);
  return {
    ...(name !== tenant.name && { name }),
    ...(links !== tenant.links && { links }),
    ...(lines.join() !== tenant.portal_origins.join() && { portal_origins: lines }),
    ...(changed.length > 0 && { quotas: Object.fromEntries(changed.map((one) => [one, amountOf(quotas[one])])) }),
  };
}

/** The server says what is wrong with what is not a number. */
function amountOf(text: string): number | null {
  const trimmed = text.trim().replaceAll(/[ ,_]/g, "");
  return trimmed === "" ? null : Number(trimmed);
}

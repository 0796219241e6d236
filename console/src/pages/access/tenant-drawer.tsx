/** One tenant: its name, its settings, and its quotas with what of them is used. */
import { Drawer, Text, Textarea } from "@mantine/core";
import { SignalboxError, type TenantChanges, type TenantDetails } from "@signalbox/sdk";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { tenants as m } from "../../messages/en/access.ts";
import { form } from "../../messages/en/app.ts";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Problem } from "../../parts/feedback/problem.tsx";
import { ChoiceField, NumberField, TextField } from "../../parts/form/fields.tsx";
import { Form } from "../../parts/form/form.tsx";
import { typedNumber } from "../../parts/form/typed-number.ts";
import { useDraft } from "../../parts/form/use-draft.ts";
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

function TenantForm({ tenant: latest }: { readonly tenant: TenantDetails }) {
  const queries = useQueryClient();
  const { saved: tenant, texts, changed, type, settle } = useDraft(latest, textsOf);
  const save = useMutation({
    mutationFn: (sent: Texts) => apiFor(undefined).tenants.update(tenant.id, changesOf(sent, changed)),
    onSuccess(saved, sent) {
      settle(saved, sent);
      void queries.invalidateQueries({ queryKey: ["tenant"] });
    },
  });
  return (
    <>
      <Form onSubmit={() => save.mutate(texts)} isPending={save.isPending} error={save.error} submit={m.save}>
        <TextField
          name="name"
          label={m.name}
          hint={m.nameHint}
          value={texts.name}
          onChange={(event) => type({ name: event.currentTarget.value })}
        />
        <ChoiceField
          name="links"
          label={m.links}
          hint={m.linksHint}
          value={texts.links}
          onChange={(links) => type({ links })}
          options={(["shown", "withheld"] as const).map((value) => ({ value, label: m.linkStates[value] }))}
        />
        <OriginsField value={texts.origins} onChange={(origins) => type({ origins })} error={save.error} />
        <Text fw={600} size="sm">
          {m.quotas}
        </Text>
        {QUOTAS.map((quota) => (
          <QuotaField
            key={quota}
            quota={quota}
            tenant={tenant}
            value={texts[quota]}
            onChange={(value) => type({ [quota]: value })}
          />
        ))}
      </Form>
      <Text size="sm" role="status">
        {save.isSuccess && changed.size === 0 ? m.saved : ""}
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

type Texts = Readonly<Record<QuotaName | "name" | "links" | "origins", string>>;

function textsOf({ name, links, portal_origins: origins, quotas }: TenantDetails): Texts {
  const limits = QUOTAS.map((quota) => [quota, String(quotas[quota].limit)] as const);
  return { ...(Object.fromEntries(limits) as Record<QuotaName, string>), name, links, origins: origins.join("\n") };
}

/** An empty quota is its default. */
function changesOf(texts: Texts, changed: ReadonlySet<keyof Texts>): TenantChanges {
  const quotas = QUOTAS.filter((quota) => changed.has(quota)).map((quota) => {
    const limit = typedNumber(texts[quota]);
    return [quota, limit === "" ? null : limit] as const;
  });
  return {
    ...(changed.has("name") && { name: texts.name }),
    ...(changed.has("links") && { links: texts.links as TenantDetails["links"] }),
    ...(changed.has("origins") && { portal_origins: texts.origins.split(/\s+/).filter((line) => line !== "") }),
    ...(quotas.length > 0 && { quotas: Object.fromEntries(quotas) as TenantChanges["quotas"] }),
  };
}

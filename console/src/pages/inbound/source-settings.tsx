/** What can change of a source: everything but its scheme. */
import { Text } from "@mantine/core";
import type { HmacSettings, Source, SourcePatch } from "@signalbox/sdk";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { source as m, sources } from "../../messages/en/inbound.ts";
import { TextField } from "../../parts/form/fields.tsx";
import { Form } from "../../parts/form/form.tsx";
import { useDraft } from "../../parts/form/use-draft.ts";
import { Section } from "../../parts/page/page.tsx";
import { useApi } from "../../session/api.ts";
import { HmacFields, hmacText, NEW_HMAC, type TypedHmac, typedHmac } from "./hmac-fields.tsx";

export function SourceSettings({ source: latest }: { readonly source: Source }) {
  const api = useApi();
  const queries = useQueryClient();
  const { saved: source, texts, changed, type, settle } = useDraft(latest, textsOf);
  const save = useMutation({
    mutationFn: (sent: Texts) => api.sources.update(source.id, patchOf(source, sent, changed)),
    onSuccess(saved, sent) {
      settle(saved, sent);
      void queries.invalidateQueries({ queryKey: ["inbound"] });
    },
  });
  return (
    <Section title={m.settings}>
      <div style={{ maxInlineSize: 560 }}>
        <Form
          onSubmit={() => save.mutate(texts)}
          isPending={save.isPending}
          error={save.error}
          submit={m.save}
          isDisabled={changed.size === 0}
        >
          <TextField
            name="name"
            label={sources.name}
            value={texts.name}
            onChange={(event) => type({ name: event.currentTarget.value })}
          />
          {source.scheme === "basic" && (
            <TextField
              name="basic.username"
              label={sources.userName}
              value={texts.username}
              onChange={(event) => type({ username: event.currentTarget.value })}
            />
          )}
          {source.scheme === "hmac" && <HmacFields value={texts} onChange={type} />}
          <TextField
            name="event_type.prefix"
            label={sources.typePrefix}
            hint={sources.typePrefixHint}
            value={texts.typePrefix}
            onChange={(event) => type({ typePrefix: event.currentTarget.value })}
          />
        </Form>
        <Text size="sm" role="status">
          {save.isSuccess && changed.size === 0 ? m.saved : ""}
        </Text>
      </div>
    </Section>
  );
}

type Texts = TypedHmac & Readonly<Record<"name" | "username" | "typePrefix", string>>;

function textsOf({ name, basic, hmac, event_type: type }: Source): Texts {
  return {
    ...(hmac === null ? NEW_HMAC : hmacText(hmac)),
    name,
    username: basic?.username ?? "",
    typePrefix: type.prefix,
  };
}

const HMAC_FIELDS = Object.keys(NEW_HMAC) as (keyof TypedHmac)[];

/** `event_type` and `hmac` are replaced as a whole, so the rest of them is sent as it is. */
function patchOf(source: Source, texts: Texts, changed: ReadonlySet<keyof Texts>): SourcePatch {
  return {
    ...(changed.has("name") && { name: texts.name }),
    ...(changed.has("username") && { basic: { username: texts.username } }),
    ...(changed.has("typePrefix") && { event_type: { ...source.event_type, prefix: texts.typePrefix } }),
    ...(source.hmac !== null &&
      HMAC_FIELDS.some((field) => changed.has(field)) && { hmac: hmacOf(source.hmac, texts) }),
  };
}

/** Of what has no field here, everything stays. */
function hmacOf({ tolerance_seconds, delivery_id }: HmacSettings, texts: TypedHmac): HmacSettings {
  return { ...typedHmac(texts), tolerance_seconds, delivery_id };
}

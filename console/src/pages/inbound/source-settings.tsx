/** What can change of a source: everything but its scheme. */
import { Text } from "@mantine/core";
import type { Source, SourcePatch } from "@signalbox/sdk";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { source as m, sources } from "../../messages/en/inbound.ts";
import { TextField } from "../../parts/form/fields.tsx";
import { Form } from "../../parts/form/form.tsx";
import { Section } from "../../parts/page/page.tsx";
import { useApi } from "../../session/api.ts";
import { HmacFields, hmacText, NEW_HMAC, typedHmac } from "./hmac-fields.tsx";

/** What somebody else changes meanwhile stays as it is, and what was typed stays, too. */
export function SourceSettings({ source: latest }: { readonly source: Source }) {
  const api = useApi();
  const queries = useQueryClient();
  const [source, setSource] = useState(latest);
  const [name, setName] = useState(source.name);
  const [username, setUsername] = useState(source.basic?.username ?? "");
  const [prefix, setPrefix] = useState(source.event_type.prefix);
  const [hmac, setHmac] = useState(source.hmac === null ? NEW_HMAC : hmacText(source.hmac));
  const save = useMutation({
    mutationFn: () => api.sources.update(source.id, patchOf(source, { name, username, prefix, hmac })),
    onSuccess(saved) {
      setSource(saved);
      void queries.invalidateQueries({ queryKey: ["inbound"] });
    },
  });
  return (
    <Section title={m.settings}>
      <div style={{ maxInlineSize: 560 }}>
        <Form onSubmit={() => save.mutate()} isPending={save.isPending} error={save.error} submit={m.save}>
          <TextField
            name="name"
            label={sources.name}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          {source.scheme === "basic" && (
            <TextField
              name="basic.username"
              label={sources.userName}
              value={username}
              onChange={(event) => setUsername(event.currentTarget.value)}
            />
          )}
          {source.scheme === "hmac" && <HmacFields value={hmac} onChange={setHmac} />}
          <TextField
            name="event_type.prefix"
            label={sources.typePrefix}
            hint={sources.typePrefixHint}
            value={prefix}
            onChange={(event) => setPrefix(event.currentTarget.value)}
          />
        </Form>
        <Text size="sm" role="status">
          {save.isSuccess ? m.saved : ""}
        </Text>
      </div>
    </Section>
  );
}

interface Typed {
  readonly name: string;
  readonly username: string;
  readonly prefix: string;
  readonly hmac: typeof NEW_HMAC;
}

/** Only what changed. `event_type` and `hmac` are replaced as a whole, so the rest of them is sent as it is. */
function patchOf(source: Source, { name, username, prefix, hmac }: Typed): SourcePatch {
  const { basic, event_type: type } = source;
  return {
    ...(name !== source.name && { name }),
    ...(basic !== null && username !== basic.username && { basic: { username } }),
    ...(prefix !== type.prefix && { event_type: { ...type, prefix } }),
    ...(source.hmac !== null && { hmac: { ...source.hmac, ...typedHmac(hmac) } }),
  };
}

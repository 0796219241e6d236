/** The form for a new source. The fields follow the scheme. */
import { SCHEMES } from "@domain/inbound/source.ts";
import type { Source, SourceInput, SourceScheme } from "@signalbox/sdk";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { sources as m } from "../../messages/en/inbound.ts";
import { ChoiceField, TextField } from "../../parts/form/fields.tsx";
import { FormDialog } from "../../parts/form/form-dialog.tsx";
import { useApi } from "../../session/api.ts";
import { HmacFields, NEW_HMAC, type TypedHmac, typedHmac } from "./hmac-fields.tsx";

interface NewSourceProps {
  readonly onClose: () => void;
  readonly onMade: (source: Source & { readonly secret?: string }) => void;
}

export function NewSource({ onClose, onMade }: NewSourceProps) {
  const api = useApi();
  const [name, setName] = useState("");
  const [scheme, setScheme] = useState<SourceScheme>("github");
  const [secret, setSecret] = useState("");
  const [username, setUsername] = useState("");
  const [prefix, setPrefix] = useState("");
  const [hmac, setHmac] = useState<TypedHmac>(NEW_HMAC);
  const create = useMutation({
    mutationFn: () => api.sources.create(inputOf({ name, scheme, secret, username, prefix, hmac })),
    onSuccess: onMade,
  });
  return (
    <FormDialog title={m.create} action={create} onClose={onClose}>
      <TextField
        name="name"
        label={m.name}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <ChoiceField
        name="scheme"
        label={m.scheme}
        value={scheme}
        onChange={(next) => setScheme(next as SourceScheme)}
        options={SCHEMES.map((value) => ({ value, label: m.schemes[value] }))}
      />
      {scheme === "basic" && (
        <TextField
          name="basic.username"
          label={m.userName}
          value={username}
          onChange={(event) => setUsername(event.currentTarget.value)}
        />
      )}
      {scheme !== "none" && (
        <TextField
          name="secret"
          label={scheme === "basic" ? m.password : m.secret}
          hint={m.secretHint}
          value={secret}
          onChange={(event) => setSecret(event.currentTarget.value)}
        />
      )}
      {scheme === "hmac" && <HmacFields value={hmac} onChange={setHmac} />}
      <TextField
        name="event_type.prefix"
        label={m.typePrefix}
        hint={m.typePrefixHint}
        value={prefix}
        onChange={(event) => setPrefix(event.currentTarget.value)}
      />
    </FormDialog>
  );
}

interface Typed {
  readonly name: string;
  readonly scheme: SourceScheme;
  readonly secret: string;
  readonly username: string;
  readonly prefix: string;
  readonly hmac: TypedHmac;
}

function inputOf({ name, scheme, secret, username, prefix, hmac }: Typed): SourceInput {
  return {
    name,
    scheme,
    ...(scheme !== "none" && secret !== "" && { secret }),
    ...(scheme === "basic" && { basic: { username } }),
    ...(scheme === "hmac" && { hmac: typedHmac(hmac) }),
    ...(prefix !== "" && { event_type: { prefix } }),
  };
}

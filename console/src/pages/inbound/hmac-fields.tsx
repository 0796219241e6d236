/** The options of the scheme "Any HMAC". */
import { SimpleGrid } from "@mantine/core";
import "@mantine/core/styles/SimpleGrid.css";
import type { HmacSettings } from "@signalbox/sdk";
import { sources as m } from "../../messages/en/inbound.ts";
import { ChoiceField, TextField } from "../../parts/form/fields.tsx";

export interface TypedHmac {
  readonly header: string;
  readonly algorithm: NonNullable<HmacSettings["algorithm"]>;
  readonly encoding: NonNullable<HmacSettings["encoding"]>;
  readonly prefix: string;
  readonly timestamp_header: string;
  readonly template: string;
}

export const NEW_HMAC: TypedHmac = {
  header: "X-Signature",
  algorithm: "sha256",
  encoding: "hex",
  prefix: "",
  timestamp_header: "",
  template: "",
};

/** Empty fields get the server's defaults. */
export function typedHmac(typed: TypedHmac): HmacSettings {
  const { header, algorithm, encoding, prefix, timestamp_header, template } = typed;
  return {
    header,
    algorithm,
    encoding,
    prefix,
    ...(timestamp_header !== "" && { timestamp_header }),
    ...(template !== "" && { template }),
  };
}

export function hmacText(hmac: HmacSettings): TypedHmac {
  return {
    header: hmac.header,
    algorithm: hmac.algorithm ?? "sha256",
    encoding: hmac.encoding ?? "hex",
    prefix: hmac.prefix ?? "",
    timestamp_header: hmac.timestamp_header ?? "",
    template: hmac.template ?? "",
  };
}

interface HmacFieldsProps {
  readonly value: TypedHmac;
  readonly onChange: (value: TypedHmac) => void;
}

export function HmacFields({ value, onChange }: HmacFieldsProps) {
  const text = (name: "header" | "prefix" | "timestamp_header" | "template", label: string, hint?: string) => (
    <TextField
      name={`hmac.${name}`}
      label={label}
      hint={hint}
      value={value[name]}
      onChange={(event) => onChange({ ...value, [name]: event.currentTarget.value })}
    />
  );
  const choice = (name: "algorithm" | "encoding", label: string, options: readonly string[]) => (
    <ChoiceField
      name={`hmac.${name}`}
      label={label}
      value={value[name]}
      onChange={(next) => onChange({ ...value, [name]: next })}
      options={options.map((one) => ({ value: one, label: one }))}
    />
  );
  return (
    <>
      {text("header", m.header)}
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        {choice("algorithm", m.algorithm, ["sha256", "sha512", "sha1"])}
        {choice("encoding", m.encoding, ["hex", "base64"])}
      </SimpleGrid>
      {text("prefix", m.prefix, m.prefixHint)}
      {text("timestamp_header", m.timestampHeader)}
      {text("template", m.template, m.templateHint)}
    </>
  );
}

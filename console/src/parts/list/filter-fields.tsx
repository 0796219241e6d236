/** The fields of a filter bar. Each shows what the URL says. */
import { NativeSelect, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { list as m } from "../../messages/en/app.ts";

interface FieldProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
}

export interface Option {
  readonly value: string;
  readonly label: string;
}

export function FilterChoice({
  label,
  value,
  onChange,
  options,
}: FieldProps & { readonly options: readonly Option[] }) {
  return (
    <NativeSelect
      label={label}
      value={value ?? ""}
      onChange={(event) => onChange(event.currentTarget.value || undefined)}
      data={[{ value: "", label: m.anything }, ...options]}
    />
  );
}

/** How long a person stops typing before the list is asked. */
const TYPING_MS = 300;

/** `/` puts the cursor here. */
export function FilterText({
  label,
  value = "",
  onChange,
  placeholder,
}: FieldProps & { readonly placeholder?: string }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only typing starts the timer
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => onChange(text.trim() || undefined), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <TextInput
      label={label}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Enter") onChange(text.trim() || undefined);
        if (event.key === "Escape") event.currentTarget.blur();
      }}
      placeholder={placeholder}
      spellCheck={false}
      autoComplete="off"
      data-filter-field
    />
  );
}

/** Fields that show their faults. Their names are those of the API. */
import { NativeSelect, PasswordInput, Switch, Textarea, TextInput, type TextInputProps } from "@mantine/core";
import "@mantine/core/styles/Switch.css";
import type { ReactNode } from "react";
import { useFault } from "./form.tsx";

interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly hint?: ReactNode;
  readonly required?: boolean;
}

type TextProps = FieldProps &
  Pick<TextInputProps, "defaultValue" | "value" | "onChange" | "placeholder" | "autoComplete" | "inputMode" | "type">;

export function TextField({ name, hint, required = false, ...props }: TextProps) {
  return (
    <TextInput
      {...props}
      name={name}
      description={hint}
      required={required}
      error={useFault(name)}
      autoComplete={props.autoComplete ?? "off"}
      spellCheck={false}
    />
  );
}

/** A whole number. The API's own message says which ones it takes. */
export function NumberField(props: TextProps) {
  return <TextField {...props} inputMode="numeric" />;
}

export function PasswordField({ name, hint, ...props }: FieldProps & { readonly autoComplete: string }) {
  const fault = useFault(name);
  // Mantine marks every field with a fault but this one.
  return <PasswordInput {...props} name={name} description={hint} error={fault} aria-invalid={fault !== null} />;
}

interface LongProps extends FieldProps {
  readonly defaultValue?: string;
  readonly value?: string;
  readonly onChange?: (value: string) => void;
  readonly rows?: number;
  readonly isCode?: boolean;
}

export function LongField({ name, hint, onChange, rows = 4, isCode = false, ...props }: LongProps) {
  return (
    <Textarea
      {...props}
      name={name}
      description={hint}
      error={useFault(name)}
      minRows={rows}
      rows={rows}
      spellCheck={!isCode}
      styles={isCode ? { input: { fontFamily: "var(--mantine-font-family-monospace)" } } : {}}
      {...(onChange !== undefined && { onChange: (event) => onChange(event.currentTarget.value) })}
    />
  );
}

interface ChoiceProps extends FieldProps {
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly defaultValue?: string;
  readonly value?: string;
  readonly onChange?: (value: string) => void;
}

export function ChoiceField({ name, hint, options, onChange, ...props }: ChoiceProps) {
  return (
    <NativeSelect
      {...props}
      name={name}
      description={hint}
      error={useFault(name)}
      data={[...options]}
      {...(onChange !== undefined && { onChange: (event) => onChange(event.currentTarget.value) })}
    />
  );
}

interface SwitchProps {
  readonly label: string;
  readonly hint?: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}

export function SwitchField({ onChange, hint, ...props }: SwitchProps) {
  return <Switch {...props} description={hint} onChange={(event) => onChange(event.currentTarget.checked)} />;
}

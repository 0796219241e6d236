/** The fields of a filter bar. Each shows what the URL says. */
import { Button, Input, NativeSelect, Popover, Stack, TextInput } from "@mantine/core";
import { useEffect, useId, useState } from "react";
import { list as m } from "../../messages/en/app.ts";
import { DownIcon } from "../icons.tsx";
import classes from "./list.module.css";

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
  none = m.anything,
}: FieldProps & { readonly options: readonly Option[]; readonly none?: string }) {
  return (
    <NativeSelect
      label={label}
      value={value ?? ""}
      onChange={(event) => onChange(event.currentTarget.value || undefined)}
      data={[{ value: "", label: none }, ...options]}
    />
  );
}

interface SeveralProps {
  readonly label: string;
  readonly values: readonly string[];
  readonly onChange: (values: readonly string[]) => void;
  readonly options: readonly Option[];
}

/** Several values at once, such as two states. */
export function FilterSeveral({ label, values, onChange, options }: SeveralProps) {
  const id = useId();
  const chosen = options.filter(({ value }) => values.includes(value)).map((option) => option.label);
  const toggle = (value: string): void =>
    onChange(values.includes(value) ? values.filter((one) => one !== value) : [...values, value]);
  return (
    <Input.Wrapper label={label} labelElement="div" labelProps={{ id }}>
      <Popover position="bottom-start" trapFocus>
        <Popover.Target>
          <Button
            variant="default"
            fullWidth
            justify="space-between"
            rightSection={<DownIcon size={12} />}
            aria-labelledby={`${id} ${id}-values`}
            className={classes.several}
          >
            <span id={`${id}-values`}>{chosen.length === 0 ? m.anything : chosen.join(", ")}</span>
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <Stack gap="xs" role="group" aria-labelledby={id}>
            {options.map((option) => (
              <label key={option.value} className={classes.option}>
                <input
                  type="checkbox"
                  className={classes.box}
                  checked={values.includes(option.value)}
                  onChange={() => toggle(option.value)}
                />
                {option.label}
              </label>
            ))}
          </Stack>
        </Popover.Dropdown>
      </Popover>
    </Input.Wrapper>
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
  // A value that comes from elsewhere, or by Enter, ends the timer: it would bring back a filter that was cleared.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only typing starts the timer
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => onChange(text.trim() || undefined), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, value]);
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

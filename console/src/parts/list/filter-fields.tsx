/** The fields of a filter bar. Each shows what the URL says. */
import { Button, Input, NativeSelect, Popover, Stack, TextInput } from "@mantine/core";
import { useEffect, useId, useRef, useState } from "react";
import { list as m } from "../../messages/en/app.ts";
import { DownIcon } from "../icons.tsx";
import type { FilterRules, Filters } from "./filters.ts";
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

interface TextProps<Rules extends FilterRules> {
  readonly label: string;
  readonly filters: Filters<Rules>;
  readonly name: keyof Rules & string;
  readonly placeholder?: string;
}

/**
 * `/` puts the cursor here. What is typed is a filter after a pause. The browser's Back leaves it as a whole, since only the
 * first pause adds an entry to the history.
 */
export function FilterText<Rules extends FilterRules>({ label, filters, name, placeholder }: TextProps<Rules>) {
  const value = filters.given(name);
  const [text, setText] = useState(value);
  /** Values that this field has set, and that the URL does not have yet. */
  const sent = useRef<string[]>([]);
  /** Whether the latest entry of the history is what was typed since the field got the focus. */
  const hasEntry = useRef(false);
  useEffect(() => {
    const arrived = sent.current.indexOf(value);
    sent.current = sent.current.slice(arrived + 1);
    // What was typed since then, also a space at its end, stays. A value that comes from elsewhere replaces it.
    if (arrived !== -1) return;
    sent.current = [];
    hasEntry.current = false;
    setText(value);
  }, [value]);
  const commit = (): void => {
    const typed = text.trim();
    if (text === value || typed === (sent.current.at(-1) ?? value)) return;
    sent.current.push(typed);
    filters.set({ [name]: typed } as Partial<Record<keyof Rules, string>>, hasEntry.current);
    hasEntry.current = true;
  };
  // A value that comes from elsewhere, or by Enter, ends the timer: it would bring back a filter that was cleared.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only typing starts the timer
  useEffect(() => {
    const timer = setTimeout(commit, TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, value]);
  return (
    <TextInput
      label={label}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onFocus={() => {
        hasEntry.current = false;
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter") {
          commit();
          hasEntry.current = false;
        }
        if (event.key === "Escape") event.currentTarget.blur();
      }}
      placeholder={placeholder}
      spellCheck={false}
      autoComplete="off"
      data-filter-field
    />
  );
}

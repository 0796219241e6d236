/** A time in a filter, typed in the reader's zone. */
import { TextInput } from "@mantine/core";
import { useLayoutEffect, useRef } from "react";
import { usePreferences } from "../preferences.ts";
import { zoneAt } from "../time/format.ts";
import { fieldText, instantOf, isSameText, OFFSETS } from "../time/typed-time.ts";

interface FilterTimeProps {
  readonly label: string;
  /** RFC 3339. */
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
}

export function FilterTime({ label, value, onChange }: FilterTimeProps) {
  const { zone } = usePreferences();
  const field = useRef<HTMLInputElement>(null);
  const ms = value === undefined ? null : Date.parse(value);
  const shown = ms === null ? "" : fieldText(ms, OFFSETS[zone]);
  // The field stays the same element, because it may have the focus.
  useLayoutEffect(() => {
    if (field.current !== null && !isSameText(field.current.value, shown)) field.current.value = shown;
  }, [shown]);
  // The text is no more exact than a second, and does not say which of two hours it is when clocks go back. So a time that
  // nobody changed stays as it is.
  const commit = ({ value: typed, validity }: HTMLInputElement): void => {
    if (validity.badInput || isSameText(typed, shown)) return;
    const next = instantOf(typed, OFFSETS[zone], ms);
    if (typed === "") onChange(undefined);
    else if (next !== null) onChange(new Date(next).toISOString().replace(/\.000Z$/, "Z"));
  };
  return (
    <TextInput
      ref={field}
      type="datetime-local"
      step={1}
      max="9999-12-31T23:59:59"
      label={`${label} (${zoneAt(ms ?? Date.now(), zone)})`}
      defaultValue={shown}
      onBlur={(event) => commit(event.currentTarget)}
      onKeyDown={(event) => {
        if (event.key === "Enter") commit(event.currentTarget);
      }}
    />
  );
}

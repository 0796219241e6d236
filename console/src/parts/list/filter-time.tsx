/** A time in a filter, typed in the reader's zone. */
import { TextInput } from "@mantine/core";
import { usePreferences } from "../preferences.ts";
import { zoneAt } from "../time/format.ts";

interface FilterTimeProps {
  readonly label: string;
  /** RFC 3339. */
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
}

export function FilterTime({ label, value, onChange }: FilterTimeProps) {
  const { zone } = usePreferences();
  const isUtc = zone === "utc";
  return (
    <TextInput
      type="datetime-local"
      step={1}
      label={`${label} (${zoneAt(value === undefined ? Date.now() : Date.parse(value), zone)})`}
      // Another value from outside, for example from a saved view, replaces what is shown.
      key={`${value}${zone}`}
      defaultValue={value === undefined ? "" : fieldText(value, isUtc)}
      onBlur={(event) => commit(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Enter") commit(event.currentTarget.value);
      }}
    />
  );

  function commit(typed: string): void {
    const next = typed === "" ? undefined : instantOf(typed, isUtc);
    if (next !== null && next !== value) onChange(next);
  }
}

/** What the field takes: `2026-05-08T14:23:00`. */
function fieldText(value: string, isUtc: boolean): string {
  const ms = Date.parse(value);
  const offsetMs = isUtc ? 0 : new Date(ms).getTimezoneOffset() * 60_000;
  return new Date(ms - offsetMs).toISOString().slice(0, 19);
}

/** Null for what is not a time. */
function instantOf(typed: string, isUtc: boolean): string | null {
  const ms = Date.parse(isUtc ? `${typed}Z` : typed);
  return Number.isNaN(ms) ? null : new Date(ms).toISOString().replace(/\.000Z$/, "Z");
}

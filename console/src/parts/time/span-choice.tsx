/** How far back a page's charts look: in the URL as `?span=7d`. */
import { NativeSelect } from "@mantine/core";
import { charts as m } from "../../messages/en/charts.ts";
import { oneOf } from "../list/filters.ts";

const SPANS = ["1h", "24h", "7d", "30d"] as const;
type Span = (typeof SPANS)[number];
const HOURS: Readonly<Record<Span, number>> = { "1h": 1, "24h": 24, "7d": 168, "30d": 720 };
const DEFAULT: Span = "24h";

/** For `useFilters`. */
export const SPAN_FILTER = { span: oneOf(SPANS) };

export function spanHours(span: string | undefined): number {
  return HOURS[(span ?? DEFAULT) as Span];
}

export function SpanChoice({
  value,
  onChange,
}: {
  readonly value: string | undefined;
  readonly onChange: (span: string) => void;
}) {
  return (
    <NativeSelect
      label={m.span}
      value={value ?? DEFAULT}
      onChange={(event) => onChange(event.currentTarget.value)}
      data={SPANS.map((span) => ({ value: span, label: m.spans[span] }))}
    />
  );
}

/** The charts' chunk: everything that needs recharts. */
import { AreaChart, BarChart, LineChart } from "@mantine/charts";
import "@mantine/charts/styles.css";
import { useState } from "react";
import { ReferenceArea } from "recharts";
import type { ChartProps, Series } from "./chart-props.ts";

const DASHES = ["0", "6 3", "2 3"];
const AXIS = { tickLine: false, axisLine: false, minTickGap: 24 } as const;

export default function Drawing(props: ChartProps) {
  const { kind, points, formatValue, formatAt } = props;
  const span = useSpan(props);
  const common = {
    h: "100%",
    data: points as unknown as Record<string, unknown>[],
    dataKey: "at",
    valueFormatter: formatValue,
    withLegend: false,
    // The drawing is hidden from the keyboard and from screen readers, which have the table.
    accessibilityLayer: false,
    tooltipProps: { labelFormatter: (at: unknown) => formatAt(at as number | string), isAnimationActive: false },
    yAxisProps: { width: kind === "bars" ? 120 : 48, ...AXIS },
    xAxisProps: { tickFormatter: (at: number | string) => formatAt(at), ...AXIS },
  } as const;
  const series = props.series.map(({ key, label, tone }) => ({ name: key, label, color: `var(--${tone})` }));
  switch (kind) {
    case "columns":
    case "bars":
      return <Bars common={common} series={series} patterns={props.series} kind={kind} span={span} props={props} />;
    case "areas":
      return (
        <AreaChart
          {...common}
          series={series}
          type="stacked"
          curveType="stepAfter"
          withDots={false}
          areaProps={{ isAnimationActive: false }}
          areaChartProps={span.handlers}
        >
          {span.area}
        </AreaChart>
      );
    case "lines":
      return (
        <LineChart
          {...common}
          series={series.map((one, index) => ({ ...one, strokeDasharray: DASHES[index] ?? "0" }))}
          curveType="linear"
          // A line needs two neighbours; with few points, some have none.
          withDots={isSparse(props)}
          connectNulls={false}
          lineProps={{ isAnimationActive: false }}
          lineChartProps={span.handlers}
        >
          {span.area}
        </LineChart>
      );
  }
}

const SPARSE_POINTS = 30;

function isSparse({ points, series }: ChartProps): boolean {
  return points.filter((point) => series.some(({ key }) => point[key] !== null)).length < SPARSE_POINTS;
}

interface BarsProps {
  readonly common: object;
  readonly series: { name: string; label: string; color: string }[];
  readonly patterns: readonly Series[];
  readonly kind: "columns" | "bars";
  readonly span: ReturnType<typeof useSpan>;
  readonly props: ChartProps;
}

function Bars({ common, series, patterns, kind, span, props: { formatAt, formatValue } }: BarsProps) {
  const isBars = kind === "bars";
  return (
    <BarChart
      {...(common as { h: string; data: Record<string, unknown>[]; dataKey: string })}
      series={series.map((one, index) => ({ ...one, color: index === 0 ? one.color : `url(#pattern-${one.name})` }))}
      type="stacked"
      orientation={isBars ? "vertical" : "horizontal"}
      {...(isBars && {
        xAxisProps: { ...AXIS, tickFormatter: (value: number) => formatValue(value) },
        yAxisProps: { ...AXIS, width: 120, tickFormatter: (at: string) => formatAt(at) },
      })}
      barProps={{ isAnimationActive: false }}
      barChartProps={span.handlers}
    >
      <defs>
        {patterns.map(({ key, tone }, index) => (
          <pattern key={key} id={`pattern-${key}`} width="6" height="6" patternUnits="userSpaceOnUse">
            <rect width="6" height="6" fill={`var(--${tone})`} />
            <path d={index === 1 ? "M0 6 6 0" : "M0 3h6"} stroke="var(--surface)" strokeWidth="1.5" />
          </pattern>
        ))}
      </defs>
      {span.area}
    </BarChart>
  );
}

interface Pointed {
  readonly activeLabel?: string | number | undefined;
}

/** The span that a reader chooses by dragging over the chart. */
function useSpan({ onSpan }: ChartProps) {
  const [from, setFrom] = useState<number | null>(null);
  const [to, setTo] = useState<number | null>(null);
  // The picture is hidden from people who do not see it: they have the table. So nothing in it takes the focus.
  const hidden = { accessibilityLayer: false };
  if (onSpan === undefined) return { handlers: hidden, area: null };
  const handlers = {
    ...hidden,
    onMouseDown: ({ activeLabel }: Pointed) => {
      setFrom(activeLabel === undefined ? null : Number(activeLabel));
      setTo(null);
    },
    onMouseMove: ({ activeLabel }: Pointed) => {
      if (from !== null && activeLabel !== undefined) setTo(Number(activeLabel));
    },
    onMouseUp: () => {
      if (from !== null && to !== null && from !== to) onSpan({ fromMs: Math.min(from, to), toMs: Math.max(from, to) });
      setFrom(null);
      setTo(null);
    },
  };
  const area =
    from !== null && to !== null ? <ReferenceArea x1={from} x2={to} fill="var(--busy)" fillOpacity={0.2} /> : null;
  return { handlers, area };
}

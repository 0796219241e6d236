/** The charts' chunk: everything that needs recharts. */
import { AreaChart, BarChart, LineChart } from "@mantine/charts";
import "@mantine/charts/styles.css";
import { memo, useId, useState } from "react";
import { ReferenceArea } from "recharts";
import { type ChartProps, DASHES, type Series } from "./chart-props.ts";

const AXIS = { tickLine: false, axisLine: false, minTickGap: 24 } as const;
const CATEGORY_WIDTH = 150;

export default memo(Drawing);

function Drawing(props: ChartProps) {
  const { kind } = props;
  const span = useSpan(props);
  const patternId = useId();
  const common = commonProps(props);
  const series = props.series.map(({ key, label, tone }) => ({ name: key, label, color: `var(--${tone})` }));
  const fills = new Map(
    props.series.map(({ key, tone }, index) => [key, index === 0 ? `var(--${tone})` : `url(#${patternId}${key})`]),
  );
  const patterns = <Patterns series={props.series} id={patternId} />;
  switch (kind) {
    case "columns":
    case "bars":
      return (
        <BarChart
          {...common}
          series={series}
          type="stacked"
          orientation={kind === "bars" ? "vertical" : "horizontal"}
          barProps={({ name }) => ({ isAnimationActive: false, fill: fills.get(name) ?? "", maxBarSize: 32 })}
          barChartProps={span.handlers}
        >
          {patterns}
          {span.area}
        </BarChart>
      );
    case "areas":
      return (
        <AreaChart
          {...common}
          series={series}
          type="stacked"
          curveType="stepAfter"
          withDots={false}
          areaProps={({ name }) => ({ isAnimationActive: false, fill: fills.get(name) ?? "", fillOpacity: 0.7 })}
          areaChartProps={span.handlers}
        >
          {patterns}
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

function commonProps(props: ChartProps) {
  const { points, formatValue, formatAt } = props;
  return {
    h: "100%",
    data: points as unknown as Record<string, unknown>[],
    dataKey: "at",
    valueFormatter: formatValue,
    withLegend: false,
    // The drawing is hidden from the keyboard and from screen readers, which have the table.
    accessibilityLayer: false,
    tooltipProps: { labelFormatter: (at: unknown) => formatAt(at as number | string), isAnimationActive: false },
    ...axisProps(props),
  } as const;
}

function axisProps({ kind, formatValue, formatAt, formatTick = formatAt, valueMax }: ChartProps) {
  if (kind === "bars") {
    return {
      xAxisProps: { ...AXIS, allowDecimals: false, tickFormatter: (value: number) => formatValue(value) },
      yAxisProps: { ...AXIS, width: CATEGORY_WIDTH, interval: 0, tickFormatter: (at: string) => formatAt(at) },
    };
  }
  const domain = valueMax === undefined ? {} : { domain: [0, valueMax] as [number, number] };
  return {
    xAxisProps: { ...AXIS, tickFormatter: (at: number | string) => formatTick(at) },
    // Columns and areas are counts. On a small axis, halves would be rounded to the same label twice.
    yAxisProps: { ...AXIS, width: 64, allowDecimals: kind === "lines", ...domain },
  };
}

const SPARSE_POINTS = 30;

function isSparse({ points, series }: ChartProps): boolean {
  return points.filter((point) => series.some(({ key }) => point[key] !== null)).length < SPARSE_POINTS;
}

const STROKES = ["", "M0 6 6 0", "M0 3h6", "M3 0v6"];

/** Each series but the first has stripes of its own, for people who do not tell the colors apart. */
function Patterns({ series, id }: { readonly series: readonly Series[]; readonly id: string }) {
  return (
    <defs>
      {series.map(({ key, tone }, index) => (
        <pattern key={key} id={id + key} width="6" height="6" patternUnits="userSpaceOnUse">
          <rect width="6" height="6" fill={`var(--${tone})`} />
          <path d={STROKES[index] ?? ""} stroke="var(--surface)" strokeWidth="1.5" />
        </pattern>
      ))}
    </defs>
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
  const forget = (): void => {
    setFrom(null);
    setTo(null);
  };
  const handlers = {
    ...hidden,
    style: { cursor: "crosshair" },
    onMouseDown: ({ activeLabel }: Pointed) => {
      setFrom(activeLabel === undefined ? null : Number(activeLabel));
      setTo(null);
    },
    onMouseMove: ({ activeLabel }: Pointed) => {
      if (from !== null && activeLabel !== undefined) setTo(Number(activeLabel));
    },
    onMouseUp: () => {
      if (from !== null && to !== null && from !== to) onSpan(Math.min(from, to), Math.max(from, to));
      forget();
    },
    onMouseLeave: forget,
  };
  const area =
    from !== null && to !== null ? <ReferenceArea x1={from} x2={to} fill="var(--busy)" fillOpacity={0.2} /> : null;
  return { handlers, area };
}

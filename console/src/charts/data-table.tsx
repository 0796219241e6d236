import { charts as m } from "../messages/en/charts.ts";
import { Go } from "../parts/page/go.tsx";
import classes from "./chart.module.css";
import type { ChartProps } from "./chart-props.ts";

/** The numbers of a chart. The rows of a chart of times begin with the newest. */
export function DataTable({ kind, title, series, points, formatAt, formatValue, rowTarget }: ChartProps) {
  const isOfTimes = kind !== "bars";
  const rows = isOfTimes ? points.toReversed() : points;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={classes.table} tabIndex={0} aria-label={title}>
      <table>
        <thead>
          <tr>
            <th scope="col">{isOfTimes ? m.at : m.category}</th>
            {series.map(({ key, label }) => (
              <th key={key} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((point) => (
            <tr key={point.at}>
              <th scope="row">
                {rowTarget === undefined ? formatAt(point.at) : <Go {...rowTarget(point.at)}>{formatAt(point.at)}</Go>}
              </th>
              {series.map(({ key }) => (
                <td key={key}>{typeof point[key] === "number" ? formatValue(point[key]) : "–"}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

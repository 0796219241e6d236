import { charts as m } from "../messages/en/charts.ts";
import classes from "./chart.module.css";
import type { ChartProps } from "./chart-props.ts";

/** The numbers of a chart. */
export function DataTable({ title, series, points, formatAt, formatValue }: ChartProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={classes.table} tabIndex={0} aria-label={title}>
      <table>
        <thead>
          <tr>
            <th scope="col">{m.at}</th>
            {series.map(({ key, label }) => (
              <th key={key} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {points.map((point) => (
            <tr key={point.at}>
              <th scope="row">{formatAt(point.at)}</th>
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

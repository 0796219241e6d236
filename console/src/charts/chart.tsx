/**
 * A chart with a caption that says the finding, and the same numbers as a table.
 *
 * The drawing is in a chunk of its own, which loads when a page has its numbers.
 */
import { Button, Skeleton } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { charts as m } from "../messages/en/charts.ts";
import { Boundary } from "../parts/feedback/boundary.tsx";
import classes from "./chart.module.css";
import type { ChartProps } from "./chart-props.ts";
import { DataTable } from "./data-table.tsx";

const Drawing = lazy(() => import("./drawing.tsx"));

/** More points than pixels only cost time. */
const POINTS_MAX = 720;

export function Chart(props: ChartProps) {
  const { title, caption, series, points, height = 200 } = props;
  const [isTable, setIsTable] = useState(false);
  return (
    <figure className={classes.figure}>
      <div className={classes.head}>
        <figcaption>
          <strong>{title}</strong>
          <div className={classes.caption}>{caption}</div>
        </figcaption>
        <Button variant="subtle" size="compact-xs" onClick={() => setIsTable(!isTable)}>
          {isTable ? m.asChart : m.asTable}
        </Button>
      </div>
      {isTable ? (
        <DataTable {...props} />
      ) : (
        <>
          {/* A picture of the numbers in the table; its caption says the finding. */}
          <div className={classes.drawing} style={{ blockSize: height }} aria-hidden="true">
            <Boundary resetKey={title}>
              <Suspense fallback={<Skeleton height={height} />}>
                <Drawing {...props} points={points.slice(-POINTS_MAX)} height={height} />
              </Suspense>
            </Boundary>
          </div>
          <ul className={classes.legend}>
            {series.map(({ key, label, tone }, index) => (
              <li key={key}>
                <svg width="14" height="12" aria-hidden="true" data-tone={tone} data-pattern={index}>
                  <rect width="14" height="12" rx="2" />
                  {index === 1 && <path d="M-2 12 12-2M2 16 16 2" />}
                  {index === 2 && <path d="M0 4h14M0 9h14" />}
                </svg>
                {label}
              </li>
            ))}
          </ul>
        </>
      )}
    </figure>
  );
}

/**
 * A chart with a caption that says the finding, and the same numbers as a table.
 *
 * The drawing is in a chunk of its own, which loads when a page has its numbers.
 */
import { Button, Skeleton } from "@mantine/core";
import { Suspense, useState } from "react";
import { charts as m } from "../messages/en/charts.ts";
import { Boundary, lazyFile } from "../parts/feedback/boundary.tsx";
import classes from "./chart.module.css";
import { type ChartProps, DASHES } from "./chart-props.ts";
import { DataTable } from "./data-table.tsx";
import { useTurn } from "./turns.ts";

const load = () => import("./drawing.tsx");
const Drawing = lazyFile(load);

/** More points than pixels only cost time. */
const POINTS_MAX = 720;

export function Chart(props: ChartProps) {
  const { title, caption, series, height = 180 } = props;
  const [isTable, setIsTable] = useState(false);
  const points = props.points.slice(-POINTS_MAX);
  const isEmpty = points.every((point) => series.every(({ key }) => (point[key] ?? 0) === 0));
  return (
    <figure className={classes.figure}>
      <figcaption>
        <div className={classes.head}>
          <strong>{title}</strong>
          {!isEmpty && (
            <Button
              variant="subtle"
              size="compact-xs"
              onClick={() => setIsTable(!isTable)}
              aria-label={isTable ? m.showChart(title) : m.showTable(title)}
            >
              {isTable ? m.asChart : m.asTable}
            </Button>
          )}
        </div>
        <div className={classes.caption}>{caption}</div>
      </figcaption>
      {isEmpty ? null : isTable ? (
        <DataTable {...props} points={points} />
      ) : (
        <>
          {/* A picture of the numbers in the table; its caption says the finding. */}
          <div className={classes.drawing} style={{ blockSize: height }} aria-hidden="true">
            <Boundary resetKey={title}>
              <InTurn {...props} points={points} height={height} />
            </Boundary>
          </div>
          {series.length > 1 && <Legend kind={props.kind} series={series} />}
        </>
      )}
    </figure>
  );
}

function InTurn(props: ChartProps & { readonly height: number }) {
  const { points, series, formatAt, height } = props;
  const shown = useTurn(props, JSON.stringify([points, series, formatAt(points[0]?.at ?? "")]), load);
  const skeleton = <Skeleton height={height} />;
  return shown === null ? (
    skeleton
  ) : (
    <Suspense fallback={skeleton}>
      <Drawing {...shown} />
    </Suspense>
  );
}

const STRIPES = ["", "M-2 12 12-2M2 16 16 2", "M0 4h14M0 9h14", "M4 0v12M10 0v12"];

function Legend({ kind, series }: Pick<ChartProps, "kind" | "series">) {
  return (
    <ul className={classes.legend}>
      {series.map(({ key, label, tone }, index) => (
        <li key={key}>
          {kind === "lines" ? (
            <svg width="24" height="12" aria-hidden="true" data-tone={tone}>
              <line x2="24" y1="6" y2="6" strokeDasharray={DASHES[index]} />
            </svg>
          ) : (
            <svg width="14" height="12" aria-hidden="true" data-tone={tone}>
              <rect width="14" height="12" rx="2" />
              <path d={STRIPES[index] ?? ""} />
            </svg>
          )}
          {label}
        </li>
      ))}
    </ul>
  );
}

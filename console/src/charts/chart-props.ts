/** What a page says about its chart. */
import type { ReactNode } from "react";
import type { Target } from "../parts/page/go.tsx";
import type { Tone } from "../parts/text/state-badge.tsx";

/** The dashes of the lines of a chart. */
export const DASHES = ["0", "6 3", "2 3"];

export interface Series {
  /** The name of its numbers in a row. */
  readonly key: string;
  readonly label: string;
  readonly tone: Tone;
}

/** One point: its time or category, and a number for each series. Null where nothing is known. */
export interface Point {
  /** Epoch milliseconds, or the name of a category. */
  readonly at: number | string;
  readonly [key: string]: number | string | null;
}

export interface ChartProps {
  /** Stacked columns, lines, stacked areas, or horizontal bars of categories. */
  readonly kind: "columns" | "lines" | "areas" | "bars";
  readonly title: string;
  /** What the numbers say, in a sentence. */
  readonly caption: ReactNode;
  readonly series: readonly Series[];
  readonly points: readonly Point[];
  /** `Intl` cannot be left to the chart's package: it throws on the locale of some browsers. */
  readonly formatAt: (at: number | string) => string;
  /** Shorter, for the axis. Default: `formatAt`. */
  readonly formatTick?: (at: number | string) => string;
  readonly formatValue: (value: number) => string;
  /** The largest value of the axis. Default: that of the points. */
  readonly valueMax?: number;
  readonly height?: number;
  /** Called with the span that a reader chose with the pointer: the first and the last point in it. */
  readonly onSpan?: (fromAt: number, toAt: number) => void;
  /** Where a row of the table leads. */
  readonly rowTarget?: (at: number | string) => Target;
}

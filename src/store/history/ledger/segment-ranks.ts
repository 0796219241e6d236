/**
 * Finds the few segments that can contain the rows of a page that is ordered by id. The ids of a segment are from the same
 * time, so the ranges of two segments hardly overlap.
 */
import type { Portion } from "./column-scan.ts";
import type { Segment } from "./ledger.ts";

/** Ranks in ascending order, from `from` on and before `to`. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

export interface Within {
  readonly segments: readonly Segment[];
  /** How many rows of other segments come before theirs. */
  readonly before: number;
}

/** Without the segments whose rows all come before the window, or all after it. */
export function segmentsWithin(portions: readonly Portion[], { from, to }: Window): Within {
  const rows = portions.flatMap(({ segment, count }) => (count === null ? [] : [{ segment, count }]));
  if (rows.length < portions.length) return { segments: portions.map(({ segment }) => segment), before: 0 };
  const endingUpTo = cumulated(rows.map(({ segment, count }) => [segment.idMax, count]));
  const beginningUpTo = cumulated(rows.map(({ segment, count }) => [segment.idMin, count]));
  const segments: Segment[] = [];
  let before = 0;
  for (const { segment, count } of rows) {
    if (beginningUpTo(segment.idMax) <= from) before += count;
    else if (endingUpTo(segment.idMin - 1) < to) segments.push(segment);
  }
  return { segments, before };
}

/** The sum of the counts whose value is at most the given one. */
function cumulated(pairs: readonly (readonly [value: number, count: number])[]): (value: number) => number {
  const sorted = pairs.toSorted(([a], [b]) => (a === b ? 0 : a - b));
  const sums = [0];
  for (const [, count] of sorted) sums.push((sums.at(-1) ?? 0) + count);
  return (value) => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sorted[middle]?.[0] as number) <= value) low = middle + 1;
      else high = middle;
    }
    return sums[low] as number;
  };
}

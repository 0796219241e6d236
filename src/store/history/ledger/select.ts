/**
 * Finds the rows at given ranks of an order without sorting all rows. A scan counts the rows by ranges of their key,
 * and the next scan looks only into the ranges that contain the ranks. A million rows take one to three scans of a few
 * milliseconds.
 */
import type { LedgerOrder } from "../../../ports/store.ts";
import {
  type Bound,
  boundOf,
  bucketAt,
  type Counted,
  countBuckets,
  extentOf,
  gather,
  type Key,
  type Portion,
  portionsOf,
  type Scan,
  type SortedRow,
  segmentsOf,
  type Within,
} from "./column-scan.ts";
import { idTimeOf, NEVER } from "./columns.ts";
import type { Segment } from "./ledger.ts";
import { mayMatch } from "./predicate.ts";
import { segmentsWithin, type Window } from "./segment-ranks.ts";

export interface Selection {
  readonly sorted: readonly SortedRow[];
  /** How many rows match. */
  readonly total: number;
}

export interface Slice {
  readonly order: LedgerOrder;
  readonly offset: number;
  readonly limit: number;
}

/** How many rows are sorted at once: a millisecond or two. */
const SORTED_ROWS_MAX = 10_000;
/** Higher attempt numbers need another scan. They are rare: schedules are shorter, and manual retries are few. */
const ATTEMPTS_USUAL = (1 << 14) - 1;
const NEVER_DELIVERED: readonly Bound[] = [{ key: "deliveredAt", low: NEVER, high: NEVER }];

export function select(scan: Scan, { order, offset, limit }: Slice): Selection {
  const segments = (scan.ledger.shelves.get(scan.predicate.tenantSeq) ?? []).filter((segment) =>
    mayMatch(segment, scan.predicate),
  );
  const times = timesOf(segments);
  const keyed = countBuckets(scan, { segments, bounds: boundsOf(order.by) }, rangeOf(order.by, times));
  const total = keyed.matching;
  // What was never delivered comes after everything else, in both directions.
  const parts = [
    { count: keyed.total, pick: (window: Window) => pick(scan, keyed, { bounds: boundsOf(order.by), window }) },
    {
      count: total - keyed.total,
      pick: (window: Window) => pickByIds(scan, keyed.outside, { bounds: NEVER_DELIVERED, window }),
    },
  ];
  const sorted: SortedRow[] = [];
  let before = 0;
  for (const part of parts) {
    const skipped = Math.max(0, offset - before);
    const taken = Math.max(0, Math.min(limit - sorted.length, part.count - skipped));
    before += part.count;
    if (taken === 0) continue;
    const from = order.direction === "asc" ? skipped : part.count - skipped - taken;
    const found = part.pick({ from, to: from + taken });
    sorted.push(...(order.direction === "asc" ? found : found.reverse()));
  }
  return { sorted, total };
}

interface Times {
  readonly low: number;
  readonly high: number;
}

function timesOf(segments: readonly Segment[]): Times {
  return {
    low: segments.reduce((min, { createdMin }) => Math.min(min, createdMin), Number.MAX_SAFE_INTEGER),
    high: segments.reduce((max, { createdMax }) => Math.max(max, createdMax), 0),
  };
}

function boundsOf(key: Key): readonly Bound[] {
  return key === "deliveredAt" ? [{ key, low: NEVER + 1, high: Number.POSITIVE_INFINITY }] : [];
}

/** The range of most keys, found without reading rows. */
function rangeOf(key: Key, { low, high }: Times): Bound {
  if (low > high) return { key, low: 0, high: 0 };
  switch (key) {
    case "attempts":
      return { key, low: 0, high: ATTEMPTS_USUAL };
    case "idTime":
      return { key, low: idTimeOf(low), high: idTimeOf(high + 1) };
    case "createdAt":
    case "deliveredAt":
      return { key, low, high };
  }
}

interface Search {
  readonly bounds: readonly Bound[];
  readonly window: Window;
}

/** The rows of the window, in ascending order of the counted key, then of their ids. */
function pick(scan: Scan, counted: Counted, { bounds, window }: Search): SortedRow[] {
  const { key } = counted.range;
  const first = bucketAt(counted, window.from);
  const last = bucketAt(counted, window.to - 1);
  const firstEnd = first.before + (counted.buckets[first.bucket] as number);
  const lastEnd = last.before + (counted.buckets[last.bucket] as number);
  if (lastEnd - first.before <= SORTED_ROWS_MAX) {
    const within: Within = {
      segments: segmentsOf(counted, first.bucket, last.bucket),
      bounds: [...bounds, boundOf(counted, first.bucket, last.bucket)],
    };
    return gather(scan, within, key).slice(window.from - first.before, window.to - first.before);
  }
  if (first.bucket === last.bucket) {
    const inside = { from: window.from - first.before, to: window.to - first.before };
    return pickDeeper(scan, counted, first.bucket, { bounds, window: inside });
  }
  // Only the first or the last bucket can be large, since those between are within the window. Handle one after the
  // other.
  const middle = firstEnd - first.before >= lastEnd - last.before ? firstEnd : last.before;
  return [
    ...pick(scan, counted, { bounds, window: { ...window, to: middle } }),
    ...pick(scan, counted, { bounds, window: { ...window, from: middle } }),
  ];
}

/** A bucket with very many rows: count it in finer ranges or, when all keys are equal, by the ids. */
function pickDeeper(scan: Scan, counted: Counted, bucket: number, { bounds, window }: Search): SortedRow[] {
  const segments = segmentsOf(counted, bucket, bucket);
  const bound = boundOf(counted, bucket, bucket);
  const within = { segments, bounds: [...bounds, bound] };
  // The first and the last bucket also contain keys beyond the expected range.
  const range = Number.isFinite(bound.low) && Number.isFinite(bound.high) ? bound : extentOf(scan, within, bound.key);
  if (range.low < range.high) return pick(scan, countBuckets(scan, within, range), { bounds: within.bounds, window });
  if (range.key === "idTime") {
    // Ids of one process and one millisecond: no group commit has more than a few thousand.
    return gather(scan, within, range.key).slice(window.from, window.to);
  }
  return pickByIds(scan, portionsOf(counted, bucket), { bounds: within.bounds, window });
}

/** The rows of these portions, which have equal keys, by their ids. */
function pickByIds(scan: Scan, portions: readonly Portion[], { bounds, window }: Search): SortedRow[] {
  const { segments, before } = segmentsWithin(portions, window);
  const counted = countBuckets(scan, { segments, bounds }, rangeOf("idTime", timesOf(segments)));
  return pick(scan, counted, { bounds, window: { from: window.from - before, to: window.to - before } });
}

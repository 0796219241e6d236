/** Scans over the matching rows, segment by segment. `select.ts` sorts rows with them. */
import type { Seq } from "../../../domain/ids.ts";
import type { Connection } from "../../connection.ts";
import { type Columns, compareIds, type IdKey } from "./columns.ts";
import { type Ledger, type Segment, withColumns } from "./ledger.ts";
import { keepWithin, matchRows, type Predicate, rowsFound } from "./predicate.ts";

/** The columns that rows can be sorted by. All hold integers. */
export type Key = "createdAt" | "deliveredAt" | "attempts" | "idTime";

/** Rows whose `key` is from `low` to `high`, both inclusive. */
export interface Bound {
  readonly key: Key;
  readonly low: number;
  readonly high: number;
}

export interface Scan {
  readonly ledger: Ledger;
  readonly connection: Connection;
  readonly predicate: Predicate;
}

/** The segments that a scan reads, and the bounds that it applies in addition to the filter. */
export interface Within {
  readonly segments: readonly Segment[];
  readonly bounds: readonly Bound[];
}

/** A row and its sort key. */
export interface SortedRow {
  readonly seq: Seq;
  readonly key: number;
  readonly id: IdKey;
}

/** How many ranges of a key a scan counts. */
const BUCKETS = 1 << 14;

export interface Counted {
  /** How many rows have their key in each range. */
  readonly buckets: Uint32Array;
  readonly range: Bound;
  /** A power of two, so that dividing by it is exact. */
  readonly width: number;
  /** Rows within the bounds. */
  readonly total: number;
  /** Rows that match the filter. */
  readonly matching: number;
  /** The buckets that the rows of a segment are in. */
  readonly spans: readonly Span[];
  /** The rows that match the filter and are not within the bounds. */
  readonly outside: readonly Portion[];
}

interface Span {
  readonly segment: Segment;
  readonly first: number;
  readonly last: number;
  /** How many rows are in each of these buckets. Null when that was not counted. */
  readonly counts: Uint32Array | null;
}

/** Some rows of a segment. */
export interface Portion {
  readonly segment: Segment;
  /** How many; null when that was not counted. */
  readonly count: number | null;
}

/** Counting by segment takes memory for each bucket. Few attempt numbers are common, and the rows of each are many. */
const SPAN_COUNTED_MAX = 64;

function eachSegment(
  { ledger, connection, predicate }: Scan,
  { segments, bounds }: Within,
  visit: (columns: Columns, count: number, segment: Segment, matching: number) => void,
): void {
  for (const segment of segments) {
    withColumns(ledger, connection, segment, (columns) => {
      const matching = matchRows(columns, segment, predicate);
      let count = matching;
      for (const { key, low, high } of bounds) count = keepWithin(columns[key], count, low, high);
      if (matching > 0) visit(columns, count, segment, matching);
    });
  }
}

/** Count the rows by ranges of a key. Keys beyond all ranges count in the first or the last range. */
export function countBuckets(scan: Scan, within: Within, range: Bound): Counted {
  const buckets = new Uint32Array(BUCKETS);
  const width = 2 ** Math.max(0, Math.ceil(Math.log2((range.high - range.low + 1) / BUCKETS)));
  const before = range.key === "attempts" ? new Uint32Array(BUCKETS) : null;
  const spans: Span[] = [];
  const outside: Portion[] = [];
  let total = 0;
  let matching = 0;
  eachSegment(scan, within, (columns, count, segment, matchingHere) => {
    matching += matchingHere;
    total += count;
    if (matchingHere > count) outside.push({ segment, count: matchingHere - count });
    if (count === 0) return;
    const { first, last } = countInto(buckets, columns[range.key], count, range.low, 1 / width);
    spans.push({ segment, first, last, counts: before === null ? null : addedSince(before, buckets, first, last) });
  });
  return { buckets, range, width, total, matching, spans, outside };
}

/** How much the buckets of one segment have grown, which `before` then has, too. */
function addedSince(before: Uint32Array, buckets: Uint32Array, first: number, last: number): Uint32Array | null {
  const now = buckets.slice(first, last + 1);
  const added = now.map((count, index) => count - (before[first + index] as number));
  before.set(now, first);
  return added.length <= SPAN_COUNTED_MAX ? added : null;
}

function countInto(buckets: Uint32Array, keys: Float64Array | Uint32Array, count: number, low: number, perKey: number) {
  let first = BUCKETS - 1;
  let last = 0;
  for (let index = 0; index < count; index += 1) {
    const at = ((keys[rowsFound[index] as number] as number) - low) * perKey;
    const bucket = at < 0 ? 0 : at >= BUCKETS ? BUCKETS - 1 : at | 0;
    buckets[bucket] = (buckets[bucket] as number) + 1;
    if (bucket < first) first = bucket;
    if (bucket > last) last = bucket;
  }
  return { first, last };
}

/** The bucket of the row with this rank, and how many rows the buckets before it have. */
export function bucketAt({ buckets }: Counted, rank: number): { readonly bucket: number; readonly before: number } {
  let before = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    const count = buckets[bucket] as number;
    if (before + count > rank) return { bucket, before };
    before += count;
  }
  throw new RangeError(`rank ${rank} is beyond ${before} rows`);
}

/** The range of keys that these buckets count. */
export function boundOf({ range, width }: Counted, first: number, last: number): Bound {
  return {
    key: range.key,
    low: first === 0 ? Number.NEGATIVE_INFINITY : range.low + first * width,
    high: last === BUCKETS - 1 ? Number.POSITIVE_INFINITY : range.low + (last + 1) * width - 1,
  };
}

export function segmentsOf({ spans }: Counted, first: number, last: number): Segment[] {
  return spans.filter((span) => span.last >= first && span.first <= last).map(({ segment }) => segment);
}

/** The rows of one bucket. */
export function portionsOf({ spans }: Counted, bucket: number): Portion[] {
  return spans
    .filter(({ first, last }) => last >= bucket && first <= bucket)
    .map(({ segment, first, counts }) => ({ segment, count: counts?.[bucket - first] ?? null }));
}

/** The lowest and the highest value of a key. */
export function extentOf(scan: Scan, within: Within, key: Key): Bound {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  eachSegment(scan, within, (columns, count) => {
    const keys = columns[key];
    for (let index = 0; index < count; index += 1) {
      const value = keys[rowsFound[index] as number] as number;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  });
  return { key, low, high };
}

/** The rows in order of the key, then of the ids. */
export function gather(scan: Scan, within: Within, key: Key): SortedRow[] {
  const sorted: SortedRow[] = [];
  eachSegment(scan, within, (columns, count, segment) => sorted.push(...sortedRowsOf(columns, count, segment, key)));
  return sorted.sort(compareSorted);
}

/** The rows that the last scan found, with their sort keys. */
export function sortedRowsOf(columns: Columns, count: number, { firstSeq }: Segment, key: Key): SortedRow[] {
  const { seq, idTime, idHigh, idLow } = columns;
  return Array.from(rowsFound.subarray(0, count), (row) => ({
    seq: firstSeq + (seq[row] as number),
    key: columns[key][row] as number,
    id: { time: idTime[row] as number, high: idHigh[row] as number, low: idLow[row] as number },
  }));
}

export function compareSorted(a: SortedRow, b: SortedRow): number {
  return a.key - b.key || compareIds(a.id, b.id);
}

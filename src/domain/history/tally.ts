/** Counts of attempts: how they ended, how long they took, and how old their events were. */
import type { Classification } from "../delivery/delivery.ts";

/** What one attempt adds to a tally. */
export interface Tallied {
  readonly classification: Classification;
  /** Whether it was the delivery's first attempt. */
  readonly isFirst: boolean;
  /** Whether it ended the delivery without success. */
  readonly gaveUp: boolean;
  /** Null when the receiver did not answer. */
  readonly latencyMs: number | null;
  /** From the creation of the delivery to its success; null when it did not succeed. */
  readonly ageMs: number | null;
}

/**
 * Counts by logarithm: 10 bins for each power of ten from 1 ms on, so that a percentile is within ±12 %. The last bin
 * has everything from 9 days on.
 */
const HISTOGRAM_BINS = 90;
const BINS_PER_DECADE = 10;

/** The counts of the bins. */
export type Histogram = Uint32Array;

/** The bins of the whole milliseconds that most attempts take: a logarithm costs more than all the rest of counting. */
const BINS = Uint8Array.from({ length: 4096 }, (_, ms) => computedBin(ms));

export function binOf(ms: number): number {
  return BINS[ms] ?? computedBin(ms);
}

function computedBin(ms: number): number {
  if (ms <= 1) return 0;
  return Math.min(HISTOGRAM_BINS - 1, Math.floor(Math.log10(ms) * BINS_PER_DECADE));
}

/** The time below which this share of the counted times is, in milliseconds. Null when nothing was counted. */
export function percentile(histogram: Histogram, share: number): number | null {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let left = Math.ceil(total * share);
  for (const [bin, count] of histogram.entries()) {
    left -= count;
    if (left <= 0) return Math.round(10 ** ((bin + 0.5) / BINS_PER_DECADE));
  }
  return null;
}

export class Tally {
  ok = 0;
  failed = 0;
  firstOk = 0;
  firstFailed = 0;
  /** Deliveries that ended without success. */
  gaveUp = 0;
  /** Failed attempts by classification. */
  readonly classes = new Map<string, number>();
  readonly latency: Histogram = new Uint32Array(HISTOGRAM_BINS);
  readonly age: Histogram = new Uint32Array(HISTOGRAM_BINS);

  count({ classification, isFirst, gaveUp, latencyMs, ageMs }: Tallied): void {
    if (classification === "success") {
      this.ok += 1;
      if (isFirst) this.firstOk += 1;
    } else {
      this.failed += 1;
      if (isFirst) this.firstFailed += 1;
      if (gaveUp) this.gaveUp += 1;
      this.classes.set(classification, (this.classes.get(classification) ?? 0) + 1);
    }
    if (latencyMs !== null) increment(this.latency, binOf(latencyMs), 1);
    if (ageMs !== null) increment(this.age, binOf(ageMs), 1);
  }

  add(other: Tally): this {
    this.ok += other.ok;
    this.failed += other.failed;
    this.firstOk += other.firstOk;
    this.firstFailed += other.firstFailed;
    this.gaveUp += other.gaveUp;
    for (const [name, count] of other.classes) this.classes.set(name, (this.classes.get(name) ?? 0) + count);
    for (const [bin, count] of other.latency.entries()) increment(this.latency, bin, count);
    for (const [bin, count] of other.age.entries()) increment(this.age, bin, count);
    return this;
  }
}

function increment(histogram: Histogram, bin: number, count: number): void {
  histogram[bin] = (histogram[bin] ?? 0) + count;
}

/** As it is stored: the counts, the classes, and each histogram as pairs of a bin and its count. */
interface Stored {
  readonly n: readonly [ok: number, failed: number, firstOk: number, firstFailed: number, gaveUp: number];
  readonly c: Readonly<Record<string, number>>;
  readonly l: readonly number[];
  readonly a: readonly number[];
}

export function tallyText(tally: Tally): string {
  const stored: Stored = {
    n: [tally.ok, tally.failed, tally.firstOk, tally.firstFailed, tally.gaveUp],
    c: Object.fromEntries(tally.classes),
    l: pairsOf(tally.latency),
    a: pairsOf(tally.age),
  };
  return JSON.stringify(stored);
}

export function parseTally(text: string): Tally {
  const { n, c, l, a } = JSON.parse(text) as Stored;
  const tally = new Tally();
  [tally.ok, tally.failed, tally.firstOk, tally.firstFailed, tally.gaveUp] = n;
  for (const [name, count] of Object.entries(c)) tally.classes.set(name, count);
  fill(tally.latency, l);
  fill(tally.age, a);
  return tally;
}

function pairsOf(histogram: Histogram): number[] {
  const pairs: number[] = [];
  for (const [bin, count] of histogram.entries()) if (count > 0) pairs.push(bin, count);
  return pairs;
}

function fill(histogram: Histogram, pairs: readonly number[]): void {
  for (let at = 0; at + 1 < pairs.length; at += 2) histogram[pairs[at] ?? 0] = pairs[at + 1] ?? 0;
}

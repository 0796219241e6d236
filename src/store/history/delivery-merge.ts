/** Merges index ranges into one page, newest first, within a budget of rows. */
import type { Seq } from "../../domain/ids.ts";
import { type Reader, readTogether } from "../rounds.ts";

/**
 * A set of deliveries that can be read in descending order of sequence. The sources of one list have none in common.
 */
export interface MergeSource {
  /**
   * Look at up to `visitsMax` rows below `before`, stopping at `hitsMax` that match.
   * The rows come in the order of the index: nothing is sorted.
   */
  read(before: Seq, hitsMax: number, visitsMax: number): Reader<Batch>;
}

export interface Batch {
  /** The sequences of those that match, descending. */
  readonly hits: readonly Seq[];
  /** Everything from this sequence up was looked at; null when nothing is left below. */
  readonly floor: Seq | null;
  readonly visited: number;
}

export interface MergeRequest {
  /** Only sequences below this are wanted. */
  readonly before: Seq;
  readonly limit: number;
  readonly visitsMax: number;
  readonly visitsPerStatementMax: number;
}

export interface MergedPage {
  /** Descending. */
  readonly seqs: readonly Seq[];
  /** The next page begins below this; null at the end. */
  readonly next: Seq | null;
}

interface Cursor {
  readonly source: MergeSource;
  hits: readonly Seq[];
  /** The index of the next of `hits`. */
  at: number;
  floor: Seq | null;
}

/** It looks for one hit more than the page shows, so that the last page has no cursor. */
export function mergePage(sources: readonly MergeSource[], request: MergeRequest): MergedPage {
  const cursors = sources.map((source): Cursor => ({ source, hits: [], at: 0, floor: request.before }));
  // Every source must advance within one budget. Otherwise a page could end where it began.
  const share = Math.max(1, Math.floor(request.visitsMax / (2 * sources.length)));
  const visitsEach = Math.min(request.visitsPerStatementMax, share);
  const hitsEach = sources.length === 1 ? request.limit + 1 : Math.ceil((2 * request.limit) / sources.length) + 4;
  const seqs: Seq[] = [];
  // No hit can be taken before every source was read.
  let visits = refill(cursors, hitsEach, visitsEach);
  for (;;) {
    const cursor = highest(cursors);
    if (cursor === null) return { seqs, next: null };
    const hit = cursor.hits[cursor.at];
    if (hit !== undefined) {
      if (seqs.length === request.limit) return { seqs, next: seqs.at(-1) ?? null };
      seqs.push(hit);
      cursor.at += 1;
    } else if (visits >= request.visitsMax) {
      // A source may be right above a hit of another source that is on the page already.
      return { seqs, next: Math.min(cursor.floor ?? 0, seqs.at(-1) ?? Number.POSITIVE_INFINITY) };
    } else {
      visits += refill([cursor], hitsEach, visitsEach);
    }
  }
}

function refill(cursors: readonly Cursor[], hitsMax: number, visitsMax: number): number {
  const batches = readTogether(cursors.map(({ source, floor }) => source.read(floor ?? 0, hitsMax, visitsMax)));
  let visits = 0;
  for (const [index, cursor] of cursors.entries()) {
    const { hits, floor, visited } = batches[index] as Batch;
    Object.assign(cursor, { hits, floor, at: 0 });
    visits += visited;
  }
  return visits;
}

/** The source whose next delivery is or could be the newest; null when all are at their end. */
function highest(cursors: readonly Cursor[]): Cursor | null {
  let best: Cursor | null = null;
  let bestPosition = -1;
  for (const cursor of cursors) {
    const position = cursor.hits[cursor.at] ?? (cursor.floor === null ? -1 : cursor.floor - 1);
    if (position > bestPosition) {
      best = cursor;
      bestPosition = position;
    }
  }
  return best;
}

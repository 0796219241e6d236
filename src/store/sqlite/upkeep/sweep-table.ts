/** How a pass of retention goes over one table: by pages in order of a sequence, as far as the step's budget lasts. */
import type { EpochMs, Seq } from "../../../domain/ids.ts";
import { all } from "../read-connection.ts";
import type { Writing } from "../writing.ts";

/** What is too old to be kept. */
export interface Ages {
  readonly now: EpochMs;
  /** What ended before this goes. */
  readonly cutoff: EpochMs;
  /** Statistics of hours before this go: they can be asked for longer than a short retention keeps the history. */
  readonly countersCutoff: EpochMs;
}

/** What a step may still do. */
export interface Budget {
  /** Rows to look at. */
  visits: number;
  /** Rows to delete or end. */
  rows: number;
  /** The highest sequences that it deleted; `writing.ts` reads them, so that none is ever used twice. */
  readonly highest: { event_seq_deleted: Seq; delivery_seq_deleted: Seq; attempt_seq_deleted: Seq };
}

/**
 * What became of a visited row. `again`: the budget did not suffice, visit it again. `end`: neither it nor any row
 * after it is old enough.
 */
export type Visited = "next" | "again" | "end";

/** One table of what is kept: its rows in order of a sequence, and what to do with each. */
export interface Kept<Row> {
  readonly name: string;
  /** Rows after a sequence, at most so many. */
  readonly page: string;
  visit(w: Writing, row: Row, ages: Ages, budget: Budget): Visited;
}

/** A table as a pass goes over it. */
export interface Pass {
  readonly name: string;
  /** Go on after a sequence, as far as the budget lasts. Answers where it got; null when it went through. */
  step(w: Writing, after: Seq, ages: Ages, budget: Budget): Seq | null;
}

export function passOver<Row extends { readonly seq: Seq }>({ name, page, visit }: Kept<Row>): Pass {
  return {
    name,
    step(w, after, ages, budget) {
      let reached = after;
      while (isLeft(budget)) {
        const limit = Math.min(PAGE_ROWS, budget.visits);
        const rows = all<Row>(w, page, reached, limit);
        for (const row of rows) {
          if (!isLeft(budget)) return reached;
          budget.visits -= 1;
          const visited = visit(w, row, ages, budget);
          if (visited === "end") return null;
          if (visited === "again") return reached;
          reached = row.seq;
        }
        if (rows.length < limit) return null;
      }
      return reached;
    },
  };
}

/** Rows read at once: about as many events as a step can delete, so that few are read in vain. */
const PAGE_ROWS = 50;

function isLeft({ visits, rows }: Budget): boolean {
  return visits > 0 && rows > 0;
}

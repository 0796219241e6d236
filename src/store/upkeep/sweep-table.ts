/** How a pass of retention goes over one table: in pages, in the order of a sequence, while the step's budget lasts. */
import type { EpochMs, Seq } from "../../domain/ids.ts";
import type { Wake } from "../../ports/store.ts";
import { all } from "../read-connection.ts";
import type { Writing } from "../writing.ts";

/** The ages at which rows are deleted. */
export interface Ages {
  readonly now: EpochMs;
  /** What ended before this is deleted. */
  readonly cutoff: EpochMs;
  /** Statistics of hours before this are deleted. They are kept at least as long as they can be requested. */
  readonly countersCutoff: EpochMs;
}

/** How much a step may still do. */
export interface Budget {
  /** How many rows to look at. */
  visits: number;
  /** How many rows to delete or to end. */
  rows: number;
  /** Lanes that got something to claim. */
  readonly woken: Wake[];
  /** The highest deleted sequences. `writing.ts` reads them, so that no sequence is ever used twice. */
  readonly highest: { event_seq_deleted: Seq; delivery_seq_deleted: Seq; attempt_seq_deleted: Seq };
}

/**
 * The result of visiting a row. `again`: the budget was not enough, visit the row again. `end`: neither this row nor
 * any row after it is old enough.
 */
export type Visited = "next" | "again" | "end";

/** One table that retention goes over: its rows in the order of a sequence, and what to do with each. */
export interface Kept<Row> {
  readonly name: string;
  /** SQL for the rows after a sequence, with a limit. */
  readonly page: string;
  visit(w: Writing, row: Row, ages: Ages, budget: Budget): Visited;
}

/** One table, or another part, of a pass. */
export interface Pass {
  readonly name: string;
  /** Continue after a sequence while the budget lasts. Returns where it stopped; null when it has finished. */
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

/** How many rows are read at once, so that few are read in vain. */
const PAGE_ROWS = 50;

export function isLeft({ visits, rows }: Budget): boolean {
  return visits > 0 && rows > 0;
}

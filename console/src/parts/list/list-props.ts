/** What a page says about its list. */
import type { ReactNode } from "react";
import type { Target } from "../page/go.tsx";
import type { CursorList } from "./cursor-list.ts";
import type { Selection } from "./selection.ts";

/** A key that acts on the row that has the focus. */
export interface RowKey<Row> {
  /** A single key, such as `r`. */
  readonly keys: string;
  readonly label: string;
  readonly run: (row: Row) => void;
}

export interface Column<Row> {
  /** Also the heading. An empty one is read as "Actions". */
  readonly label: string;
  readonly cell: (row: Row) => ReactNode;
  readonly align?: "end";
  /** The card leaves it out: it repeats something, or needs width. */
  readonly wideOnly?: true;
}

export interface ListProps<Row> {
  /** What the rows are, for people who do not see them. */
  readonly label: string;
  readonly list: CursorList<Row>;
  /**
   * The first one names the row and links to its page. A column that stays the same object is drawn again only for the
   * rows that have changed.
   */
  readonly columns: readonly Column<Row>[];
  readonly rowKey: (row: Row) => string;
  /** The row's name, as text. */
  readonly rowName: (row: Row) => string;
  readonly rowLink?: (row: Row) => Target;
  /** For acts on several rows. A viewer has none. */
  readonly selection?: Selection;
  /** Acts on the row that has the focus. A viewer has none. */
  readonly rowKeys?: readonly RowKey<Row>[];
  /** What would be here, and how to fill it. */
  readonly empty: ReactNode;
  readonly isFiltered?: boolean;
  readonly onClearFilters?: () => void;
}

/** Pages of a list with a filter that no index serves. The server visits a limited number of rows for each of its pages. */
import type { ListPageOf } from "./cursor-list.ts";

/** Pages that are read for one that is shown: 60,000 rows, which take the server about half a second. */
const PAGES_MAX = 10;

/** How often the stream repeats a search of several pages. In between, it only reads the first one, every 2 s at most. */
const SEARCH_AGAIN_MS = 60_000;

interface FullPageOptions<Row> {
  readonly cursor: string | undefined;
  /** What {@link CursorListOptions.read} gets. */
  readonly known: ListPageOf<Row> | undefined;
  readonly rowKey: (row: Row) => string;
  readonly rowsMax: number;
  readonly read: (cursor: string | undefined, limit: number) => Promise<ListPageOf<Row>>;
  /** The time of the row at a cursor, if the list is in order of time. */
  readonly timeAt?: (cursor: string) => Promise<string | null>;
}

/** Reads until there is a page of rows, or as many pages as it may. */
export async function readFull<Row>(options: FullPageOptions<Row>): Promise<ListPageOf<Row>> {
  const { cursor, rowsMax, read, timeAt, known } = options;
  let page = await read(cursor, rowsMax);
  if (known !== undefined && isRecentSearch(known)) {
    const rows = withKnown(page.rows, known.rows, options.rowKey);
    if (rows.length <= 2 * rowsMax) return { ...known, rows };
  }
  let pages = 1;
  for (; pages < PAGES_MAX && page.next !== null && page.rows.length < rowsMax; pages += 1) {
    const { rows, next } = await read(page.next, rowsMax - page.rows.length);
    page = { rows: [...page.rows, ...rows], next };
  }
  if (pages > 1) page = { ...page, searchedAtMs: Date.now() };
  if (page.next === null || page.rows.length >= rowsMax) return page;
  return { ...page, searchedTo: (await timeAt?.(page.next)) ?? null };
}

function isRecentSearch({ searchedAtMs }: ListPageOf<unknown>): boolean {
  return searchedAtMs !== undefined && Date.now() - searchedAtMs < SEARCH_AGAIN_MS;
}

/** The latest rows, and after them those of the pages that were not read again. */
function withKnown<Row>(latest: readonly Row[], known: readonly Row[], rowKey: (row: Row) => string): Row[] {
  const keys = new Set(latest.map(rowKey));
  return [...latest, ...known.filter((row) => !keys.has(rowKey(row)))];
}

/** Pages of a list with a filter that no index serves. The server visits a limited number of rows for each of its pages. */
import type { ListPageOf } from "./cursor-list.ts";

/** Pages that are read for one that is shown: 60,000 rows, which take the server about half a second. */
const PAGES_MAX = 10;

interface FullPageOptions<Row> {
  readonly cursor: string | undefined;
  readonly rowsMax: number;
  readonly read: (cursor: string | undefined, limit: number) => Promise<ListPageOf<Row>>;
  /** The time of the row at a cursor, if the list is in order of time. */
  readonly timeAt?: (cursor: string) => Promise<string | null>;
}

/** Reads until there is a page of rows, or as many pages as it may. */
export async function readFull<Row>({ cursor, rowsMax, read, timeAt }: FullPageOptions<Row>): Promise<ListPageOf<Row>> {
  let page = await read(cursor, rowsMax);
  for (let pages = 1; pages < PAGES_MAX && page.next !== null && page.rows.length < rowsMax; pages += 1) {
    const { rows, next } = await read(page.next, rowsMax - page.rows.length);
    page = { rows: [...page.rows, ...rows], next };
  }
  if (page.next === null || page.rows.length >= rowsMax) return page;
  return { ...page, searchedTo: (await timeAt?.(page.next)) ?? null };
}

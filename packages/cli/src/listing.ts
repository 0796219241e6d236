/** The end of a list: the first rows, or all of them. */
import { flag, whole } from "./options.ts";

const ROWS_DEFAULT = 20;
/** The most rows of a page of the API. */
const PAGE_ROWS_MAX = 100;

export const LIST_OPTIONS = {
  limit: whole("N", `show at most this many (default: ${ROWS_DEFAULT})`, { min: 1, max: Number.MAX_SAFE_INTEGER }),
  all: flag("show all of them"),
};

interface ListOptions {
  readonly limit: number | undefined;
  readonly all: boolean;
}

function rowsMax({ limit, all }: ListOptions): number {
  return all ? Number.POSITIVE_INFINITY : (limit ?? ROWS_DEFAULT);
}

/** How many rows to ask for in one request. */
export function pageRows(options: ListOptions): number {
  return Math.min(PAGE_ROWS_MAX, rowsMax(options));
}

/** The first rows, after which nothing more is read. */
export async function* firstRows<Row>(
  rows: AsyncIterable<Row> | Iterable<Row>,
  options: ListOptions,
): AsyncGenerator<Row, void, undefined> {
  const max = rowsMax(options);
  let count = 0;
  for await (const row of rows) {
    yield row;
    count += 1;
    if (count >= max) return;
  }
}

/** Lists whose API has page numbers. The number of the page stands in the URL as the cursor. */
import { AUDIT_OFFSET_ROWS_MAX, INBOUND_OFFSET_ROWS_MAX } from "@domain/limits.ts";
import { SignalboxError } from "@signalbox/sdk";
import type { ListPageOf } from "./cursor-list.ts";

/** The server refuses a page that begins later, in a field that is not in the URL. */
const OFFSET_ROWS_MAX = Math.min(AUDIT_OFFSET_ROWS_MAX, INBOUND_OFFSET_ROWS_MAX);

interface Numbered<Row> {
  readonly rows: readonly Row[];
  readonly total: number;
}

/**
 * @param read reads a page, counted from 1
 * @throws {SignalboxError} for a cursor that names no page, as the server does for the cursors of other lists
 */
export async function readNumbered<Row>(
  cursor: string | undefined,
  limit: number,
  read: (page: number) => Promise<Numbered<Row>>,
): Promise<ListPageOf<Row> & Numbered<Row>> {
  const page = cursor === undefined ? 1 : /^[1-9]\d{0,6}$/.test(cursor) ? Number(cursor) : 0;
  if (page === 0 || (page - 1) * limit > OFFSET_ROWS_MAX) throw noSuchPage();
  const { rows, total } = await read(page);
  if (rows.length === 0 && page > 1) throw noSuchPage();
  return { rows, total, next: page * limit < Math.min(total, OFFSET_ROWS_MAX + 1) ? String(page + 1) : null };
}

function noSuchPage(): SignalboxError {
  const details = [{ field: "cursor", rule: "must be the number of a page" }];
  return new SignalboxError({ status: 400, code: "VALIDATION_ERROR", message: "There is no such page.", details });
}

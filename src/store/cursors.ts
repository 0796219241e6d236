/** A cursor of this store is the sequence of the last row of a page. */
import type { Seq } from "../domain/ids.ts";
import type { Cursor } from "../ports/store.ts";

export function cursorOf(seq: Seq): Cursor {
  return String(seq) as Cursor;
}

/** The sequence after which an ascending list continues. */
export function seqAfter(cursor: Cursor | null): Seq {
  return cursor === null ? 0 : seqOf(cursor);
}

/** The sequence before which a descending list continues. */
export function seqBefore(cursor: Cursor | null): Seq {
  return cursor === null ? Number.MAX_SAFE_INTEGER : seqOf(cursor);
}

/** The cursor of the page after these rows; null when there are no more rows. */
export function nextCursor(rows: readonly { readonly seq: Seq }[], more: boolean): Cursor | null {
  const last = rows.at(-1);
  return more && last !== undefined ? cursorOf(last.seq) : null;
}

function seqOf(cursor: Cursor): Seq {
  const seq = Number(cursor);
  if (!Number.isSafeInteger(seq)) throw new RangeError("a cursor that this store did not make");
  return seq;
}

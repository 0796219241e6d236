/** Cursors of this store: the sequence of the last row that was shown. */
import type { Seq } from "../../domain/ids.ts";
import type { Cursor } from "../../ports/store.ts";

export function cursorOf(seq: Seq): Cursor {
  return String(seq) as Cursor;
}

/** What a list that goes up begins after. */
export function seqAfter(cursor: Cursor | null): Seq {
  return cursor === null ? 0 : seqOf(cursor);
}

/** What a list that goes down begins before. */
export function seqBefore(cursor: Cursor | null): Seq {
  return cursor === null ? Number.MAX_SAFE_INTEGER : seqOf(cursor);
}

/** The cursor behind the last of these rows; null when there are no more. */
export function nextCursor(rows: readonly { readonly seq: Seq }[], more: boolean): Cursor | null {
  const last = rows.at(-1);
  return more && last !== undefined ? cursorOf(last.seq) : null;
}

function seqOf(cursor: Cursor): Seq {
  const seq = Number(cursor);
  if (!Number.isSafeInteger(seq)) throw new RangeError("a cursor that this store did not make");
  return seq;
}

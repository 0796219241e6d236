/** queryDeliveries: one page of deliveries with any filter. The cursor is the last row's place, so pages never overlap. */
import type { Seq } from "../../../domain/ids.ts";
import type { CountedDeliveries, Cursor, DeliveriesQuery, DeliveryOrder } from "../../../ports/store.ts";
import type { Connection } from "../../connection.ts";
import { cursorOf, seqAfter } from "../../cursors.ts";
import { readDeliveryRows } from "../delivery-rows.ts";
import type { Scan } from "./column-scan.ts";
import { type Ledger, withColumns } from "./ledger.ts";
import { type Freezes, frozenAt } from "./pages.ts";
import { findPredicate, matchRows, mayMatch, type Predicate, rowsFound } from "./predicate.ts";

/** Where a row is in an order. By `createdAt` the sequence alone decides, and the key is 0. */
interface Place {
  readonly key: number;
  readonly seq: Seq;
}

export function queryDeliveries(
  ledger: Ledger,
  connection: Connection,
  freezes: Freezes,
  { filter, order, cursor, limit, count, asOf, now }: DeliveriesQuery,
): CountedDeliveries {
  const frozen = count || asOf !== null ? frozenAt(ledger, freezes, { tenantSeq: filter.tenantSeq, asOf, now }) : null;
  const bound = frozen === null ? LIVE : { createdMax: frozen.asOf, upTo: frozen.upTo };
  const predicate = findPredicate(connection, filter, bound);
  if (predicate === null) return { rows: [], next: null, total: count ? 0 : null, asOf: frozen?.asOf ?? null };
  const scan = { ledger, connection, predicate };
  const after = cursor === null ? null : readCursor(order, cursor);
  const places = firstPlaces(scan, order, after, limit + 1);
  const shown = places.slice(0, limit);
  const last = shown.at(-1);
  return {
    rows: readDeliveryRows(
      connection,
      shown.map(({ seq }) => seq),
    ),
    next: places.length > limit && last !== undefined ? writeCursor(order, last) : null,
    total: count ? countRows(scan) : null,
    asOf: frozen?.asOf ?? null,
  };
}

const LIVE = { createdMax: Number.POSITIVE_INFINITY, upTo: Number.MAX_SAFE_INTEGER };

/** Base 36, so that the key and the sequence fit into a cursor. The key has a fixed width. */
const RADIX = 36;
const KEY_CHARS = 4;

function writeCursor({ by }: DeliveryOrder, { key, seq }: Place): Cursor {
  if (by === "createdAt") return cursorOf(seq);
  return (key.toString(RADIX).padStart(KEY_CHARS, "0") + seq.toString(RADIX)) as Cursor;
}

function readCursor({ by }: DeliveryOrder, cursor: Cursor): Place {
  if (by === "createdAt") return { key: 0, seq: seqAfter(cursor) };
  return {
    key: Number.parseInt(cursor.slice(0, KEY_CHARS), RADIX),
    seq: Number.parseInt(cursor.slice(KEY_CHARS), RADIX),
  };
}

/** The first places of an order after this one. */
export function firstPlaces(scan: Scan, order: DeliveryOrder, after: Place | null, limit: number): Place[] {
  const { ledger, connection } = scan;
  const predicate = beyond(scan.predicate, order, after);
  const compare = comparator(order);
  const segments = (ledger.shelves.get(predicate.tenantSeq) ?? []).filter((segment) => mayMatch(segment, predicate));
  let found: Place[] = [];
  for (const segment of order.direction === "asc" ? segments : segments.reverse()) {
    // Segments are in the order of their sequences.
    if (order.by === "createdAt" && found.length === limit) break;
    withColumns(ledger, connection, segment, (columns) => {
      const worst = found.length === limit ? (found.at(-1) ?? null) : null;
      const count = matchRows(columns, segment, predicate);
      for (let index = 0; index < count; index += 1) {
        const row = rowsFound[index] as number;
        const key = order.by === "createdAt" ? 0 : (columns.attempts[row] as number);
        const place = { key, seq: segment.firstSeq + (columns.seq[row] as number) };
        if (after !== null && compare(place, after) <= 0) continue;
        if (worst === null || compare(place, worst) < 0) found.push(place);
      }
    });
    found = found.sort(compare).slice(0, limit);
  }
  return found;
}

function comparator({ direction }: DeliveryOrder): (a: Place, b: Place) => number {
  const sign = direction === "asc" ? 1 : -1;
  return (a, b) => sign * (a.key - b.key || a.seq - b.seq);
}

/** In order of the sequence, rows up to the place need not be looked at. */
function beyond(predicate: Predicate, { by, direction }: DeliveryOrder, after: Place | null): Predicate {
  if (after === null || by !== "createdAt") return predicate;
  return direction === "asc"
    ? { ...predicate, after: Math.max(predicate.after, after.seq) }
    : { ...predicate, upTo: Math.min(predicate.upTo, after.seq - 1) };
}

export function countRows({ ledger, connection, predicate }: Scan): number {
  let total = 0;
  for (const segment of ledger.shelves.get(predicate.tenantSeq) ?? []) {
    if (!mayMatch(segment, predicate)) continue;
    withColumns(ledger, connection, segment, (columns) => {
      total += matchRows(columns, segment, predicate);
    });
  }
  return total;
}

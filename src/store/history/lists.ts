/** listDeliveries: pages by cursor, newest first, with any filter. It reads index ranges and never sorts. */
import { LIST_ROWS_PER_REQUEST, LIST_ROWS_PER_STATEMENT } from "../../domain/limits.ts";
import type { Cursor, DeliveryFilter, DeliveryPage } from "../../ports/store.ts";
import type { Connection } from "../connection.ts";
import { cursorOf, seqBefore } from "../cursors.ts";
import { findConditions, spanOf } from "./delivery-conditions.ts";
import { type MergeSource, mergePage } from "./delivery-merge.ts";
import { type ChosenPlan, choosePlan } from "./delivery-plan.ts";
import { readDeliveryRows } from "./delivery-rows.ts";
import { leasedSource, rangeSource, type Span } from "./delivery-sources.ts";

const EMPTY: DeliveryPage = { rows: [], next: null };

export function listDeliveries(
  connection: Connection,
  filter: DeliveryFilter,
  cursor: Cursor | null,
  limit: number,
): DeliveryPage {
  const conditions = findConditions(connection, filter);
  if (conditions === null) return EMPTY;
  const span = spanOf(connection, conditions, seqBefore(cursor));
  if (span.high <= span.low) return EMPTY;
  const sources = sourcesOf(connection, choosePlan(connection, conditions, span), span);
  const page = mergePage(sources, {
    before: span.high,
    limit,
    visitsMax: LIST_ROWS_PER_REQUEST,
    visitsPerStatementMax: LIST_ROWS_PER_STATEMENT,
  });
  return {
    rows: readDeliveryRows(connection, page.seqs),
    next: page.next === null ? null : cursorOf(page.next),
  };
}

function sourcesOf(connection: Connection, { ranges, rest }: ChosenPlan, { low }: Span): MergeSource[] {
  if (ranges === "leased") return [leasedSource(connection, low, rest, LIST_ROWS_PER_STATEMENT)];
  return ranges.map((range) => rangeSource(connection, range, low, rest));
}

/** tail: the outcomes after an attempt, for the stream. */
import type { Seq } from "../../domain/ids.ts";
import { LIST_ROWS_PER_STATEMENT } from "../../domain/limits.ts";
import type { OutcomePage, OutcomeRow } from "../../ports/store.ts";
import type { Connection } from "../connection.ts";
import { all, one } from "../read-connection.ts";
import { readDeliveryRows } from "./delivery-rows.ts";

const ENDS = "SELECT (SELECT min(seq) FROM attempts) AS first, (SELECT max(seq) FROM attempts) AS last";

// By primary key, with a look-up of the delivery per attempt. Attempts have no index by tenant, so that they are only
// appended.
const OUTCOMES = `
  SELECT a.seq, a.delivery_seq
  FROM attempts a CROSS JOIN deliveries d ON d.seq = a.delivery_seq
  WHERE a.seq > ? AND a.seq <= ? AND +d.tenant_seq = ?
  ORDER BY a.seq
  LIMIT ?`;

export function tail(connection: Connection, tenantSeq: Seq, after: Seq | null, limit: number): OutcomePage {
  const ends = one<{ first: Seq | null; last: Seq | null }>(connection, ENDS);
  const last = ends?.last ?? 0;
  // A position after the end is of a store that was restored from an older copy.
  if (after === null || after >= last) return { outcomes: [], upTo: last, more: false };
  const from = Math.max(after, (ends?.first ?? 1) - 1);
  const end = Math.min(from + LIST_ROWS_PER_STATEMENT, last);
  const found = all<{ seq: Seq; delivery_seq: Seq }>(connection, OUTCOMES, from, end, tenantSeq, limit);
  const upTo = found.length < limit ? end : (found.at(-1)?.seq ?? end);
  const rows = new Map(
    readDeliveryRows(
      connection,
      found.map((attempt) => attempt.delivery_seq),
    ).map((row) => [row.seq, row]),
  );
  const outcomes = found.flatMap(({ seq, delivery_seq }): OutcomeRow | readonly [] => {
    const row = rows.get(delivery_seq);
    return row === undefined ? [] : { attemptSeq: seq, row };
  });
  return { outcomes, upTo, more: upTo < last };
}

/** Finds where a time begins in a table, by bisection: rows are in commit order and have no index on their times. */
import type { EpochMs, Seq } from "../../domain/ids.ts";
import { TIME_DISORDER_MS_MAX } from "../../domain/limits.ts";
import type { Connection } from "../connection.ts";
import { one } from "../read-connection.ts";

const TABLES = {
  events: {
    ends: "SELECT (SELECT min(seq) FROM events) AS first, (SELECT max(seq) FROM events) AS last",
    from: "SELECT seq, accepted_at AS at FROM events WHERE seq >= ? ORDER BY seq LIMIT 1",
  },
  deliveries: {
    ends: "SELECT (SELECT min(seq) FROM deliveries) AS first, (SELECT max(seq) FROM deliveries) AS last",
    from: "SELECT seq, created_at AS at FROM deliveries WHERE seq >= ? ORDER BY seq LIMIT 1",
  },
} as const;

/**
 * A sequence before which there is no row of `time` or later. Rows after it can be older: a request takes its time
 * before it waits for a commit, so times and commit order differ a little.
 */
export function firstSince(connection: Connection, table: keyof typeof TABLES, time: EpochMs): Seq {
  const { ends, from } = TABLES[table];
  const { first, last } = one<{ first: Seq | null; last: Seq | null }>(connection, ends) ?? { first: null, last: null };
  if (first === null || last === null) return 1;
  let low = first;
  let high = last + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const row = one<{ seq: Seq; at: EpochMs }>(connection, from, middle);
    if (row === undefined || row.at >= time - TIME_DISORDER_MS_MAX) high = middle;
    else low = row.seq + 1;
  }
  return low;
}

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

/** How many sequences a round looks at, all at once: the first finds where the time begins between two of them. */
const probesIn = ({ isShared }: Connection): number => (isShared ? 15 : 1);

/**
 * A sequence before which there is no row of `time` or later. Rows after it can be older: a request takes its time
 * before it waits for a commit, so times and commit order differ a little.
 */
export function firstSince(connection: Connection, table: keyof typeof TABLES, time: EpochMs): Seq {
  const { ends, from } = TABLES[table];
  const range = one<{ first: Seq | null; last: Seq | null }>(connection, ends);
  if (range === undefined || range.first === null || range.last === null) return 1;
  let low = range.first;
  let high = range.last + 1;
  while (low < high) {
    const parts = probesIn(connection) + 1;
    const probes = Array.from({ length: parts - 1 }, (_, at) => Math.floor(low + ((high - low) * (at + 1)) / parts));
    const rows = probes.map((seq) => connection.prepare(from).allLater(seq));
    for (const [at, probe] of probes.entries()) {
      const [row] = (rows[at]?.() ?? []) as { seq: Seq; at: EpochMs }[];
      if (row === undefined || row.at >= time - TIME_DISORDER_MS_MAX) {
        high = Math.min(high, probe);
        break;
      }
      low = row.seq + 1;
    }
  }
  return low;
}

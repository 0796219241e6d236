/** countInbound: how many requests were verified and refused, by time and by source. */
import type { EpochMs, Seq } from "../../domain/ids.ts";
import { INBOUND_COUNTED_ROWS_MAX, INBOUND_COUNTED_SOURCES_MAX } from "../../domain/limits.ts";
import type { InboundCounts, InboundOfSource, InboundSpan } from "../../ports/store.ts";
import { all, one, type ReadConnection } from "../read-connection.ts";
import { uuidText } from "../rows.ts";
import { INBOUND_KIND } from "../stored-enums.ts";

// Served by inbound_of_tenant alone.
const newest = (owner: string) => `
  SELECT received_at, source_seq, valid
  FROM inbound INDEXED BY inbound_of_tenant
  WHERE kind = ? AND ${owner} AND received_at >= ? AND received_at < ?
  ORDER BY received_at DESC
  LIMIT ${INBOUND_COUNTED_ROWS_MAX}`;
const byTime = (owner: string) => `
  SELECT CAST((received_at - ?) / ? AS INTEGER) AS bucket, sum(valid) AS valid, count(*) AS count, min(received_at) AS first_at
  FROM (${newest(owner)}) AS newest
  GROUP BY 1`;
const bySource = (owner: string) => `
  SELECT source_seq, sum(valid) AS valid, count(*) AS count, max(received_at) AS last_at
  FROM (${newest(owner)}) AS newest
  GROUP BY 1`;

interface TimeColumns {
  readonly bucket: number;
  readonly valid: number;
  readonly count: number;
  readonly first_at: EpochMs;
}

interface SourceColumns {
  readonly source_seq: Seq | null;
  readonly valid: number;
  readonly count: number;
  readonly last_at: EpochMs;
}

interface Sums {
  valid: number;
  refused: number;
  lastAt: EpochMs;
}

export function countInbound(connection: ReadConnection, span: InboundSpan): InboundCounts {
  const { tenantSeq, includeUnattributed, from, to, stepMs } = span;
  const buckets = new Map<EpochMs, Sums>();
  const sources = new Map<Seq | null, Sums>();
  let since: EpochMs | null = null;
  const owners: readonly (readonly [owner: string, values: readonly Seq[]])[] = [
    ["tenant_seq = ?", [tenantSeq]],
    ...(includeUnattributed ? ([["tenant_seq IS NULL", []]] as const) : []),
  ];
  for (const kind of INBOUND_KIND.names.map((name) => INBOUND_KIND.number(name))) {
    for (const [owner, values] of owners) {
      const range = [kind, ...values, from, to];
      const times = all<TimeColumns>(connection, byTime(owner), from, stepMs, ...range);
      for (const { bucket, valid, count } of times) add(buckets, from + bucket * stepMs, { valid, count, lastAt: 0 });
      for (const { source_seq, valid, count, last_at } of all<SourceColumns>(connection, bySource(owner), ...range)) {
        add(sources, source_seq, { valid, count, lastAt: last_at });
      }
      const counted = times.reduce((sum, { count }) => sum + count, 0);
      if (counted === INBOUND_COUNTED_ROWS_MAX) {
        since = Math.max(since ?? 0, Math.min(...times.map(({ first_at }) => first_at)));
      }
    }
  }
  return {
    since,
    buckets: [...buckets].map(([at, { valid, refused }]) => ({ at, valid, refused })),
    sources: [...sources]
      .sort(([, a], [, b]) => b.valid + b.refused - (a.valid + a.refused))
      .slice(0, INBOUND_COUNTED_SOURCES_MAX)
      .map(([seq, sums]) => ({ ...sourceOf(connection, seq), ...sums })),
  };
}

function add<Key>(
  sums: Map<Key, Sums>,
  key: Key,
  { valid, count, lastAt }: { readonly valid: number; readonly count: number; readonly lastAt: EpochMs },
): void {
  const sum = sums.get(key) ?? { valid: 0, refused: 0, lastAt: 0 };
  sums.set(key, {
    valid: sum.valid + valid,
    refused: sum.refused + count - valid,
    lastAt: Math.max(sum.lastAt, lastAt),
  });
}

const SOURCE = "SELECT id, name FROM sources WHERE seq = ?";

function sourceOf(connection: ReadConnection, seq: Seq | null): Pick<InboundOfSource, "sourceId" | "sourceName"> {
  const row = seq === null ? undefined : one<{ id: Uint8Array; name: string }>(connection, SOURCE, seq);
  return { sourceId: row === undefined ? null : uuidText(row.id), sourceName: row?.name ?? null };
}

/** countPauseEndings: how pauses ended, and how long people took. */
import type { EpochMs, Seq } from "../../domain/ids.ts";
import { PAUSE_ENDINGS_ROWS_MAX, TIME_DISORDER_MS_MAX } from "../../domain/limits.ts";
import type { PauseEndings } from "../../ports/store.ts";
import type { ReadConnection } from "../read-connection.ts";
import { PAUSE_STATUS } from "../stored-enums.ts";

// Newest first, by the sequence in the index.
const NEWEST = `
  SELECT created_at, ended_at, status, timeout_default IS NOT NULL AS has_default
  FROM pauses INDEXED BY pauses_of_tenant
  WHERE tenant_seq = ?
  ORDER BY seq DESC
  LIMIT ?`;

interface EndingColumns {
  readonly created_at: EpochMs;
  readonly ended_at: EpochMs | null;
  readonly status: number;
  readonly has_default: number;
}

interface Span {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly stepMs: number;
}

export function countPauseEndings(connection: ReadConnection, tenantSeq: Seq, { from, to, stepMs }: Span) {
  const buckets = new Map<number, EndingColumns[]>();
  let looked = 0;
  let oldest = Number.POSITIVE_INFINITY;
  for (const found of connection.prepare(NEWEST).iterate(tenantSeq, PAUSE_ENDINGS_ROWS_MAX + 1)) {
    const row = found as unknown as EndingColumns;
    const { created_at: at } = row;
    // Times may deviate from the order of the sequence.
    if (at < from - TIME_DISORDER_MS_MAX) break;
    if (looked === PAUSE_ENDINGS_ROWS_MAX) return { since: oldest, buckets: endingsOf(buckets, from, stepMs) };
    looked += 1;
    oldest = Math.min(oldest, at);
    if (at < from || at >= to) continue;
    const index = Math.floor((at - from) / stepMs);
    const rows = buckets.get(index);
    if (rows === undefined) buckets.set(index, [row]);
    else rows.push(row);
  }
  return { since: null, buckets: endingsOf(buckets, from, stepMs) };
}

function endingsOf(
  buckets: ReadonlyMap<number, readonly EndingColumns[]>,
  from: EpochMs,
  stepMs: number,
): PauseEndings[] {
  return [...buckets].map(([index, rows]) => {
    const of = (status: "pending" | "responded" | "timed_out" | "cancelled") =>
      rows.filter((row) => row.status === PAUSE_STATUS.number(status));
    const timedOut = of("timed_out");
    const tookMs = of("responded")
      .map((row) => (row.ended_at ?? row.created_at) - row.created_at)
      .sort((a, b) => a - b);
    return {
      at: from + index * stepMs,
      pending: of("pending").length,
      responded: tookMs.length,
      timedOut: timedOut.length,
      byDefault: timedOut.filter((row) => row.has_default === 1).length,
      cancelled: of("cancelled").length,
      p50Ms: tookMs[Math.ceil(tookMs.length * 0.5) - 1] ?? null,
      p95Ms: tookMs[Math.ceil(tookMs.length * 0.95) - 1] ?? null,
    };
  });
}

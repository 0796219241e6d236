/** Retention for received requests, for their digests, and for deleted sources. */
import type { EpochMs, Seq } from "../../domain/ids.ts";
import { TIME_DISORDER_MS_MAX } from "../../domain/limits.ts";
import type { Kept } from "../upkeep/sweep-table.ts";
import { eraseCredentials } from "./credentials.ts";
import { receivedBytes } from "./receive.ts";

interface KeptInbound {
  readonly seq: Seq;
  readonly tenant_seq: Seq | null;
  readonly source_seq: Seq | null;
  readonly valid: number;
  readonly received_at: EpochMs;
  readonly body_bytes: number;
  /** The size of the kept part of the body. */
  readonly kept_bytes: number;
}

/** The pages of a body are freed one by one. Freeing this many bytes is as much work as looking at a row. */
const BODY_BYTES_PER_VISIT = 16_384;

export const keptInbound: Kept<KeptInbound> = {
  name: "inbound",
  page: `
    SELECT seq, tenant_seq, source_seq, valid, received_at, body_bytes, octet_length(body) AS kept_bytes
    FROM inbound
    WHERE seq > ?
    ORDER BY seq
    LIMIT ?`,
  visit(w, row, { cutoff }, budget) {
    if (row.received_at >= cutoff) return "end";
    w.prepare("DELETE FROM inbound WHERE seq = ?").run(row.seq);
    if (row.valid === 0) {
      w.memory.refusals.left(row.source_seq);
      eraseCredentials(w, row.seq);
    } else if (row.tenant_seq !== null) w.usage.addBytes(row.tenant_seq, -receivedBytes(row.kept_bytes));
    budget.rows -= 1;
    budget.visits -= Math.floor(row.body_bytes / BODY_BYTES_PER_VISIT);
    return "next";
  },
};

/** A link is as old as its event. It can outlive its record. */
export const keptInboundEvents: Kept<{ readonly seq: Seq; readonly published_at: EpochMs }> = {
  name: "inbound_events",
  page: "SELECT event_seq AS seq, published_at FROM inbound_events WHERE event_seq > ? ORDER BY event_seq LIMIT ?",
  visit(w, row, { cutoff }, budget) {
    if (row.published_at >= cutoff) return "end";
    w.prepare("DELETE FROM inbound_events WHERE event_seq = ?").run(row.seq);
    budget.rows -= 1;
    return "next";
  },
};

/** After the received requests: everything that a source received before its deletion is then gone. */
export const keptSources: Kept<{ readonly seq: Seq; readonly deleted_at: EpochMs | null }> = {
  name: "sources",
  page: "SELECT seq, deleted_at FROM sources WHERE seq > ? ORDER BY seq LIMIT ?",
  visit(w, row, { cutoff }, budget) {
    if (row.deleted_at === null || row.deleted_at + TIME_DISORDER_MS_MAX >= cutoff) return "next";
    w.prepare("DELETE FROM sources WHERE seq = ?").run(row.seq);
    budget.rows -= 1;
    return "next";
  },
};

/** forwardReports, takeReports: what a reader posted to another node than the one that has its stream. */
import type { EpochMs, Seq } from "../../domain/ids.ts";
import { FORWARDED_REPORT_MS } from "../../domain/limits.ts";
import type { ListenerVerbs } from "../../ports/store.ts";
import { all, one } from "../read-connection.ts";
import type { Writing } from "../writing.ts";

type ForwardRequest = Parameters<ListenerVerbs["forwardReports"]>[0];

// Served by deliveries_leased.
const LEASED = "SELECT 1 FROM deliveries INDEXED BY deliveries_leased WHERE lease IS NOT NULL AND lease = ?";
const ALIVE = "SELECT 1 FROM nodes WHERE node = ? AND gone_at IS NULL";
const LEAVE = "INSERT INTO forwarded_reports (node, report, sent_at) VALUES (?, ?, ?)";

export function forwardReports(w: Writing, { node, reports, now }: ForwardRequest): boolean[] {
  const isAlive = one(w, ALIVE, node) !== undefined;
  const isOpen = reports.map(({ lease }) => isAlive && (lease === null || one(w, LEASED, lease) !== undefined));
  const open = reports.filter((_, index) => isOpen[index]);
  if (open.length > 0) w.prepare(LEAVE).runEach(open.map(({ report }) => [node, report, now]));
  return isOpen;
}

const TAKE = "DELETE FROM forwarded_reports WHERE node = ? OR sent_at < ? RETURNING seq, node, report";

export function takeReports(w: Writing, now: EpochMs): string[] {
  type Row = { readonly seq: Seq; readonly node: number; readonly report: string };
  return all<Row>(w, TAKE, w.self.node, now - FORWARDED_REPORT_MS)
    .filter(({ node }) => node === w.self.node)
    .sort((a, b) => a.seq - b.seq)
    .map(({ report }) => report);
}

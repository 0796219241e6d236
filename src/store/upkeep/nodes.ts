/**
 * The verbs of a node: enter, heartbeat, leave, leases.
 *
 * Nodes that share a store tell by the database's clock which of them are alive. A node that has not been heard for
 * `NODE_SILENT_MS` is gone: another one gives back what it held. If it lives on, its next transaction finds that out.
 */
import { TOKENS_PER_NODE } from "../../domain/delivery/lease-token.ts";
import type { EpochMs, LeaseToken, Seq } from "../../domain/ids.ts";
import { NODE_SILENT_MS, NODE_UNHEARD_MS } from "../../domain/limits.ts";
import type { Entered, GoneNode, Heartbeat, Lease, NodeNaming, NodeView } from "../../ports/store.ts";
import type { Connection } from "../connection.ts";
import { all, insert, one } from "../read-connection.ts";
import type { Writing } from "../writing.ts";
import { voidGone } from "./void-leases.ts";

const ENTER = `
  INSERT INTO nodes (entered_at, seen_at, heard_since, name, version)
  VALUES (?, ?, ?, ?, ?)
  RETURNING node AS seq`;
/** An embedded store has one process, so every other node is gone. */
const ALL_GONE = "UPDATE nodes SET gone_at = ? WHERE gone_at IS NULL";
const GONE = "UPDATE nodes SET gone_at = coalesce(gone_at, ?), is_void = 0 WHERE node = ?";

/**
 * Enter under a new number. What nodes that are gone had leased waits again.
 * `LANE_POOL_DELIVERIES_MAX` limits what one node holds, so no job is needed.
 */
export function enter(w: Writing, wallMs: EpochMs, { name, version }: NodeNaming = { name: "", version: "" }): Entered {
  const trusted = one<{ value: EpochMs }>(w, "SELECT value FROM marks WHERE name = 'trusted_time'");
  // Nodes that share a store follow its clock. A wrong time that one of them has stored must not hold for all of them.
  const now = w.isShared ? wallMs : Math.max(wallMs, latestTime(w));
  const at = w.clockMs() ?? now;
  if (w.isShared) w.prepare(GONE).run(at, w.self.node);
  else w.prepare(ALL_GONE).run(at);
  const node = insert(w, ENTER, at, at, at, name, version);
  if (!w.isShared) raiseLatestTime(w, now);
  while (!voidGone(w, now).done);
  w.self.node = node;
  w.self.enteredAt = now;
  w.mode.isStale = true; // what is remembered of lanes was this node's under its former number
  return { node, now, lastSeenAt: trusted?.value ?? null, linkKey: w.vault.linkKey };
}

export function leave(w: Writing, now: EpochMs): void {
  w.prepare(GONE).run(w.clockMs() ?? now, w.self.node);
  while (!voidGone(w, now).done);
  w.self.node = 0;
}

// ── Heartbeat ───────────────────────────────────────────────────────────────────────────────────────────────────────

// A node that was not heard for a while has perhaps heard nobody: the database was away. It judges others only later.
const SEEN = `
  UPDATE nodes
  SET heard_since = CASE WHEN :at - seen_at > :unheard THEN :at ELSE heard_since END, seen_at = max(seen_at, :at)
  WHERE node = :node
  RETURNING heard_since`;
const SILENT = `
  UPDATE nodes
  SET gone_at = ?
  WHERE gone_at IS NULL AND seen_at < ? AND node <> ?
  RETURNING node, name, seen_at AS "seenAt"`;
const ALIVE = "SELECT count(*) AS nodes, min(node) AS leader FROM nodes WHERE gone_at IS NULL";

export function heartbeat(w: Writing, now: EpochMs, isTrusted: boolean): Heartbeat {
  const { node } = w.self;
  const databaseMs = w.clockMs();
  const at = databaseMs ?? now;
  const values = { at, unheard: NODE_UNHEARD_MS, node };
  const heardSince = Number(w.prepare(SEEN).get(values)?.heard_since);
  if (!w.isShared) raiseLatestTime(w, now);
  if (isTrusted) w.prepare(RAISE).run("trusted_time", now);
  if (!w.isShared) return { at: databaseMs, nodes: 1, isLeader: true, woken: [], gone: [] };
  const judges = at - heardSince >= NODE_SILENT_MS;
  const gone = judges ? all<GoneNode>(w, SILENT, at, at - NODE_SILENT_MS, node) : [];
  const { woken } = voidGone(w, now);
  const alive = one<{ nodes: number; leader: number }>(w, ALIVE);
  w.self.nodes = alive?.nodes ?? 1;
  return { at: databaseMs, nodes: w.self.nodes, isLeader: alive?.leader === node, woken, gone };
}

// ── Time ────────────────────────────────────────────────────────────────────────────────────────────────────────────

// In addition to the stored time, look at the last row of each table: a node may have ended between two heartbeats.
// Pauses, their endings and their openings are all in the audit.
const LATEST_TIME = `
  SELECT max(
    coalesce((SELECT value FROM marks WHERE name = 'latest_time'), 0),
    coalesce((SELECT accepted_at FROM events ORDER BY seq DESC LIMIT 1), 0),
    coalesce((SELECT created_at FROM deliveries ORDER BY seq DESC LIMIT 1), 0),
    coalesce((SELECT started_at + latency_ms FROM attempts ORDER BY seq DESC LIMIT 1), 0),
    coalesce((SELECT created_at FROM audit ORDER BY seq DESC LIMIT 1), 0)) AS time`;
const RAISE = `
  INSERT INTO marks (name, value)
  VALUES (?, ?)
  ON CONFLICT (name) DO UPDATE SET value = max(marks.value, excluded.value)`;

/** The latest time that an embedded store has seen; 0 for a new one. */
function latestTime(w: Writing): EpochMs {
  return one<{ time: EpochMs }>(w, LATEST_TIME)?.time ?? 0;
}

function raiseLatestTime(w: Writing, now: EpochMs): void {
  w.prepare(RAISE).run("latest_time", now);
}

// ── Leases ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const LEASES = `
  SELECT tenant_seq, seq, lease
  FROM deliveries INDEXED BY deliveries_leased
  WHERE lease IS NOT NULL AND lease >= ? AND lease < ?
  ORDER BY lease`;

export function leases(w: Writing): Lease[] {
  const first = w.self.node * TOKENS_PER_NODE;
  const rows = all<{ tenant_seq: Seq; seq: Seq; lease: LeaseToken }>(w, LEASES, first, first + TOKENS_PER_NODE);
  return rows.map(({ tenant_seq, seq, lease }) => ({ tenantSeq: tenant_seq, deliverySeq: seq, token: lease }));
}

// ── List ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const NODES = `
  SELECT node, name, version, entered_at, seen_at, gone_at,
    (SELECT count(*) FROM lanes l WHERE l.owner = nodes.node) AS lanes,
    (SELECT count(*) FROM deliveries d INDEXED BY deliveries_leased
     WHERE d.lease IS NOT NULL AND d.lease >= nodes.node * ${TOKENS_PER_NODE} AND d.lease < (nodes.node + 1) * ${TOKENS_PER_NODE}) AS leases
  FROM nodes
  WHERE gone_at IS NULL
  ORDER BY node`;

/** The nodes that are alive, in the order of their numbers. The lowest does the work that only one node does. */
export function listNodes(connection: Connection): NodeView[] {
  type Row = {
    readonly node: number;
    readonly name: string;
    readonly version: string;
    readonly entered_at: EpochMs;
    readonly seen_at: EpochMs;
    readonly lanes: number;
    readonly leases: number;
  };
  return all<Row>(connection, NODES).map((row, index) => ({
    node: row.node,
    name: row.name,
    version: row.version,
    enteredAt: row.entered_at,
    seenAt: row.seen_at,
    lanes: row.lanes,
    leases: row.leases,
    isLeader: index === 0,
  }));
}

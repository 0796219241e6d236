/** matchTypes, findEndpoints: which endpoints an event goes to. Also keeps the index of filters that they use. */

import { essentialFilters, filtersFor, isOperationalEventType } from "../../domain/delivery/event.ts";
import type { EndpointStatus, MatchedEndpoint } from "../../domain/endpoints/endpoint.ts";
import type { Seq, Uuid } from "../../domain/ids.ts";
import { ENDPOINTS_PER_READ_MAX, EVENT_TARGETS_MAX, OPERATIONAL_TARGETS_MAX } from "../../domain/limits.ts";
import type { Match, Versioned } from "../../ports/store.ts";
import type { Connection } from "../connection.ts";
import { all, one } from "../read-connection.ts";
import { type Reader, readNow, readOne } from "../rounds.ts";
import { uuidBytes, uuidText } from "../rows.ts";
import type { EndpointColumns } from "./endpoint-rows.ts";

// ── Matching ────────────────────────────────────────────────────────────────────────────────────────────────────────

const VERSION = "SELECT endpoint_version FROM tenants WHERE seq = ?";

export function endpointVersion(connection: Connection, tenantSeq: Seq): number {
  return one<{ endpoint_version: number }>(connection, VERSION, tenantSeq)?.endpoint_version ?? Number.NaN;
}

// Served by the primary key. Each filter is one range of it.
const MATCHING = `
  SELECT endpoint_seq
  FROM endpoint_filters
  WHERE tenant_seq = ? AND filter IN (SELECT value FROM json_each(?))
  LIMIT ?`;
const COUNT_MATCHING = `
  SELECT count(*) AS count
  FROM endpoint_filters
  WHERE tenant_seq = ? AND filter IN (SELECT value FROM json_each(?))`;

/** In creation order. Each endpoint appears once, since no two of its indexed filters match the same type. */
function matching(connection: Connection, tenantSeq: Seq, filters: string, limit: number): Seq[] {
  const rows = all<{ endpoint_seq: Seq }>(connection, MATCHING, tenantSeq, filters, limit);
  return rows.map((row) => row.endpoint_seq).sort((a, b) => a - b);
}

/** How many endpoints have one of these filters. */
export function countMatching(connection: Connection, tenantSeq: Seq, filters: readonly string[]): number {
  return readNow(readMatching(connection, tenantSeq, filters));
}

/** `countMatching`, beside other reads. */
export function* readMatching(connection: Connection, tenantSeq: Seq, filters: readonly string[]): Reader<number> {
  const found = yield* readOne<{ count: number }>(connection, COUNT_MATCHING, tenantSeq, JSON.stringify(filters));
  return found?.count ?? 0;
}

/**
 * The first `EVENT_TARGETS_MAX` endpoints that an event of this type goes to, in creation order. An operational event
 * goes to fewer, since a thousand of them can happen in one transaction.
 */
export function firstMatching(connection: Connection, tenantSeq: Seq, type: string): MatchedEndpoint[] {
  const seqs = matching(connection, tenantSeq, JSON.stringify(filtersFor(type)), Number.MAX_SAFE_INTEGER);
  const targetsMax = isOperationalEventType(type) ? OPERATIONAL_TARGETS_MAX : EVENT_TARGETS_MAX;
  return readAllMatched(connection, tenantSeq, seqs.slice(0, targetsMax));
}

export function matchTypes(
  connection: Connection,
  tenantSeq: Seq,
  types: readonly string[],
): Versioned<readonly Match[]> {
  const version = endpointVersion(connection, tenantSeq);
  const found: Match[] = [];
  let endpointsRead = 0;
  for (const type of types) {
    const filters = JSON.stringify(filtersFor(type));
    const seqs = matching(connection, tenantSeq, filters, EVENT_TARGETS_MAX + 1);
    if (seqs.length > EVENT_TARGETS_MAX) {
      found.push({ count: countMatching(connection, tenantSeq, filtersFor(type)), endpoints: [] });
      continue;
    }
    endpointsRead += seqs.length;
    if (found.length > 0 && endpointsRead > ENDPOINTS_PER_READ_MAX) break;
    found.push({ count: seqs.length, endpoints: readAllMatched(connection, tenantSeq, seqs) });
  }
  return { version, found };
}

type MatchedColumns = Pick<EndpointColumns, "seq" | "id" | "status" | "format" | "ordered">;

// Served by endpoints_matched alone.
const BY_SEQ = `
  SELECT seq, id, status, format, ordered
  FROM endpoints INDEXED BY endpoints_matched
  WHERE seq = ? AND tenant_seq = ? AND deleted_at IS NULL`;
// Served by the unique index of ids alone.
const SEQ_BY_ID = "SELECT seq FROM endpoints WHERE id = ?";

// Reads no secret: one that does not decrypt must not keep a pause from ending.
function readMatched(connection: Connection, tenantSeq: Seq, endpointSeq: Seq): MatchedEndpoint | null {
  const row = one<MatchedColumns>(connection, BY_SEQ, endpointSeq, tenantSeq);
  if (row === undefined) return null;
  const { seq, id, status, format, ordered } = row;
  return { seq, id: uuidText(id), status, format, ordered: ordered === 1 };
}

/** Those of these endpoints that the tenant has. */
function readAllMatched(connection: Connection, tenantSeq: Seq, seqs: readonly Seq[]): MatchedEndpoint[] {
  return seqs.map((seq) => readMatched(connection, tenantSeq, seq)).filter((endpoint) => endpoint !== null);
}

export function findEndpoints(
  connection: Connection,
  tenantSeq: Seq,
  ids: readonly Uuid[],
): Versioned<readonly MatchedEndpoint[]> {
  const seqs = ids.flatMap((id) => one<{ seq: Seq }>(connection, SEQ_BY_ID, uuidBytes(id))?.seq ?? []);
  return { version: endpointVersion(connection, tenantSeq), found: readAllMatched(connection, tenantSeq, seqs) };
}

// ── Upkeep ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The status and filter that decide which events an endpoint gets. */
export interface MatchRule {
  readonly status: EndpointStatus | "DELETED";
  /** JSON array. */
  readonly event_types: string | null;
}

const FORGET = `
  DELETE FROM endpoint_filters
  WHERE tenant_seq = ? AND filter = ? AND endpoint_seq = ?`;
const KEEP = "INSERT INTO endpoint_filters VALUES (?, ?, ?)";

/** Update the index for an endpoint that was `before` and is `now`. `before` is null for a new endpoint. */
export function rematch(
  connection: Connection,
  { tenantSeq, seq }: { readonly tenantSeq: Seq; readonly seq: Seq },
  before: MatchRule | null,
  after: MatchRule,
): void {
  const old = before === null ? [] : filtersOf(before);
  const wanted = filtersOf(after);
  const [had, has] = [new Set(old), new Set(wanted)];
  for (const filter of old) if (!has.has(filter)) connection.prepare(FORGET).run(tenantSeq, filter, seq);
  for (const filter of wanted) if (!had.has(filter)) connection.prepare(KEEP).run(tenantSeq, filter, seq);
}

function filtersOf({ status, event_types: filters }: MatchRule): string[] {
  if (status === "DISABLED" || status === "DELETED") return [];
  return essentialFilters(filters === null ? null : (JSON.parse(filters) as string[]));
}

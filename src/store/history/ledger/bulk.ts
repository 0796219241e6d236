/** countBulk, findBulk: which deliveries a bulk action changes. */
import type { DeliveryState } from "../../../domain/delivery/delivery.ts";
import type { Seq, Uuid } from "../../../domain/ids.ts";
import { BULK_ENDPOINTS_COUNT_MAX, BULK_SAMPLE_COUNT } from "../../../domain/limits.ts";
import { type BulkAction, STATES_OF_ACTION } from "../../../domain/upkeep/job.ts";
import type { BulkCount, BulkQuery, BulkStep, BulkTarget } from "../../../ports/store.ts";
import type { Connection } from "../../connection.ts";
import { TEST_TYPE } from "../../delivery/changes.ts";
import { all, one } from "../../read-connection.ts";
import { uuidText } from "../../rows.ts";
import { readDeliveryRows } from "../delivery-rows.ts";
import type { Scan } from "./column-scan.ts";
import { countRows, firstPlaces } from "./deliveries.ts";
import { type Ledger, withColumns } from "./ledger.ts";
import { type Freezes, frozenAt } from "./pages.ts";
import { findPredicate, matchRows, mayMatch, type Predicate, rowsFound } from "./predicate.ts";

export function countBulk(
  ledger: Ledger,
  connection: Connection,
  freezes: Freezes,
  { action, filter, asOf: given, now }: BulkQuery,
): BulkCount {
  const { asOf, upTo } = frozenAt(ledger, freezes, { tenantSeq: filter.tenantSeq, asOf: given, now });
  // A forgotten `asOf` bounds nothing, so that deliveries that are made later could be included.
  const target = { action, filter, asOf, upTo: Math.min(upTo, ledger.progress.delivery) };
  const matching = findPredicate(connection, filter, { createdMax: asOf, upTo: target.upTo });
  const predicate = changeable(connection, target);
  if (matching === null || predicate === null) {
    const all = matching === null ? 0 : countRows({ ledger, connection, predicate: matching });
    return { target, total: 0, matching: all, endpoints: [], sample: [] };
  }
  const scan = { ledger, connection, predicate };
  const byEndpoint = countByEndpoint(scan);
  const newest = firstPlaces(scan, { by: "createdAt", direction: "desc" }, null, BULK_SAMPLE_COUNT);
  return {
    target,
    total: [...byEndpoint.values()].reduce((sum, count) => sum + count, 0),
    matching: countRows({ ledger, connection, predicate: matching }),
    endpoints: named(connection, byEndpoint),
    sample: readDeliveryRows(
      connection,
      newest.map(({ seq }) => seq),
    ),
  };
}

export function findBulk(ledger: Ledger, connection: Connection, { target, after, limit }: BulkStep): Seq[] {
  const predicate = changeable(connection, target);
  if (predicate === null) return [];
  const scan = { ledger, connection, predicate };
  return firstPlaces(scan, { by: "createdAt", direction: "asc" }, { key: 0, seq: after }, limit).map(({ seq }) => seq);
}

// Few: endpoints that take no more, until retention deletes them.
const DELETED = "SELECT seq FROM endpoints WHERE tenant_seq = ? AND deleted_at IS NOT NULL";
const TAKES_NONE = "SELECT seq FROM endpoints WHERE tenant_seq = ? AND (deleted_at IS NOT NULL OR status = 'DISABLED')";
const TEST = "SELECT seq FROM event_types WHERE tenant_seq = ? AND name = ?";

/** The filter, without what the action cannot change. Null when nothing is left. */
function changeable(connection: Connection, { action, filter, asOf, upTo }: BulkTarget): Predicate | null {
  const states = statesOf(action, filter.states);
  if (states !== null && states.length === 0) return null;
  const predicate = findPredicate(connection, { ...filter, states }, { createdMax: asOf, upTo });
  if (predicate === null || action === "cancel") return predicate;
  const sql = action === "retry" ? DELETED : TAKES_NONE;
  const refusing = new Set(all<{ seq: Seq }>(connection, sql, filter.tenantSeq).map(({ seq }) => seq));
  const test = action === "retry" ? one<{ seq: Seq }>(connection, TEST, filter.tenantSeq, TEST_TYPE)?.seq : undefined;
  const { endpoints, types } = predicate;
  return {
    ...predicate,
    endpoints: { has: (seq) => (endpoints?.has(seq) ?? true) && !refusing.has(seq) },
    types: { has: (seq) => (types?.has(seq) ?? true) && seq !== test },
  };
}

function statesOf(action: BulkAction, asked: readonly DeliveryState[] | null): readonly DeliveryState[] | null {
  if (action === "replay") return asked;
  return STATES_OF_ACTION[action].filter((state) => asked === null || asked.includes(state));
}

function countByEndpoint({ ledger, connection, predicate }: Scan): Map<Seq, number> {
  const counts = new Map<Seq, number>();
  for (const segment of ledger.shelves.get(predicate.tenantSeq) ?? []) {
    if (!mayMatch(segment, predicate)) continue;
    withColumns(ledger, connection, segment, (columns) => {
      const count = matchRows(columns, segment, predicate);
      for (let index = 0; index < count; index += 1) {
        const endpoint = columns.endpoint[rowsFound[index] as number] as number;
        counts.set(endpoint, (counts.get(endpoint) ?? 0) + 1);
      }
    });
  }
  return counts;
}

const NAME = "SELECT id, name FROM endpoints WHERE seq = ?";

function named(connection: Connection, counts: ReadonlyMap<Seq, number>): { id: Uuid; name: string; count: number }[] {
  const largest = [...counts].sort(([, a], [, b]) => b - a).slice(0, BULK_ENDPOINTS_COUNT_MAX);
  return largest.flatMap(([seq, count]) => {
    const endpoint = one<{ id: Uint8Array; name: string }>(connection, NAME, seq);
    return endpoint === undefined ? [] : [{ id: uuidText(endpoint.id), name: endpoint.name, count }];
  });
}

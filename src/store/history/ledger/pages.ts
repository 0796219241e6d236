/** listLedger: one page of the history in any order, with the exact count. */
import type { EpochMs, Seq } from "../../../domain/ids.ts";
import { LEDGER_FREEZES_COUNT_MAX } from "../../../domain/limits.ts";
import type { LedgerPage, LedgerQuery } from "../../../ports/store.ts";
import type { Connection } from "../../connection.ts";
import type { Ledger } from "./ledger.ts";
import { findPredicate } from "./predicate.ts";
import { readLedgerRows } from "./rows.ts";
import { select } from "./select.ts";

/**
 * What was committed when an `asOf` was returned, by tenant and time. A delivery of the same or an earlier millisecond
 * may be committed later, and must not appear. When an entry is dropped, the time alone decides.
 */
export type Freezes = Map<string, Seq>;

export function listLedger(
  ledger: Ledger,
  connection: Connection,
  freezes: Freezes,
  { filter, order, offset, limit, asOf, now }: LedgerQuery,
): LedgerPage {
  const frozen = frozenAt(ledger, freezes, { tenantSeq: filter.tenantSeq, asOf, now });
  const predicate = findPredicate(connection, filter, { createdMax: frozen.asOf, upTo: frozen.upTo });
  if (predicate === null) return { rows: [], total: 0, asOf: frozen.asOf };
  const { sorted, total } = select({ ledger, connection, predicate }, { order, offset, limit });
  const rows = readLedgerRows(
    connection,
    sorted.map(({ seq }) => seq),
  );
  return { rows, total, asOf: frozen.asOf };
}

interface Frozen {
  readonly asOf: EpochMs;
  readonly upTo: Seq;
}

/** The state at an earlier `asOf`; null freezes the present one. */
export function frozenAt(
  ledger: Ledger,
  freezes: Freezes,
  { tenantSeq, asOf, now }: { readonly tenantSeq: Seq; readonly asOf: EpochMs | null; readonly now: EpochMs },
): Frozen {
  return asOf === null ? freeze(ledger, freezes, tenantSeq, now) : { asOf, upTo: thaw(freezes, tenantSeq, asOf) };
}

/** The latest creation time of a delivery, or a later time if an earlier state has that `asOf` already. */
function freeze(ledger: Ledger, freezes: Freezes, tenantSeq: Seq, now: EpochMs): Frozen {
  const shelf = ledger.shelves.get(tenantSeq) ?? [];
  const upTo = ledger.progress.delivery;
  const last = shelf.at(-1)?.lastSeq ?? 0;
  let asOf = shelf.length === 0 ? now : shelf.reduce((max, { createdMax }) => Math.max(max, createdMax), 0);
  // Only deliveries of other tenants were added: nothing of this tenant has changed.
  for (let known = freezes.get(keyOf(tenantSeq, asOf)); known !== undefined && known < last; ) {
    asOf += 1;
    known = freezes.get(keyOf(tenantSeq, asOf));
  }
  remember(freezes, keyOf(tenantSeq, asOf), upTo);
  return { asOf, upTo };
}

function remember(freezes: Freezes, key: string, upTo: Seq): void {
  const known = freezes.get(key);
  freezes.delete(key);
  freezes.set(key, known ?? upTo);
  const [oldest] = freezes.keys();
  if (freezes.size > LEDGER_FREEZES_COUNT_MAX && oldest !== undefined) freezes.delete(oldest);
}

function thaw(freezes: Freezes, tenantSeq: Seq, asOf: EpochMs): Seq {
  return freezes.get(keyOf(tenantSeq, asOf)) ?? Number.MAX_SAFE_INTEGER;
}

function keyOf(tenantSeq: Seq, asOf: EpochMs): string {
  return `${tenantSeq} ${asOf}`;
}

/**
 * While due deliveries wait in a lane that nodes share, only its owner leases from it. So the owner may use what the
 * others do not use of the limit on attempts in flight. The last due delivery stays until the owner is back at its share.
 */

import { TOKENS_PER_NODE } from "../../domain/delivery/lease-token.ts";
import { isPaced, shareInFlight } from "../../domain/delivery/pace.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import type { ClaimRequest, Drain } from "../../ports/store.ts";
import type { Writing } from "../writing.ts";
import { isForeign, isHeld, type LaneRow } from "./lane-rows.ts";

type Draining = Pick<ClaimRequest["lanes"][number], "drain" | "held">;

// Served by deliveries_waiting.
const IS_MORE_DUE = `
  SELECT 1 AS due
  FROM deliveries
  WHERE endpoint_seq = ? AND state < 2 AND due_at >= ? AND due_at <= ?
  LIMIT 1 OFFSET ?`;

/** Whether a claim of `count` due deliveries has to leave the last of them in the lane. */
export function mustLeaveLast(
  w: Writing,
  lane: LaneRow,
  { drain, held = 0 }: Draining,
  count: number,
  now: EpochMs,
): boolean {
  if (!isShared(w, lane)) return false;
  const holds = drain === undefined ? count : held + count;
  if (holds <= shareInFlight(lane.maxInFlight, w.self.nodes)) return false;
  return w.prepare(IS_MORE_DUE).get(lane.endpointSeq, lane.headDue ?? 0, now, count) === undefined;
}

const LEASED_BY_OTHERS = `
  SELECT count(*) AS leases
  FROM deliveries INDEXED BY deliveries_leased
  WHERE lease IS NOT NULL AND (lease < :first OR lease >= :end) AND endpoint_seq = :endpointSeq`;

/** What a claim has made of the lane, after its `readyAt` was refreshed. */
export function drainOf(w: Writing, lane: LaneRow, { drain }: Draining, isLast: boolean, now: EpochMs): Drain | null {
  const { node } = w.self;
  const waits = lane.readyAt !== null && lane.readyAt <= now && !isHeld(lane);
  if (!waits || !isShared(w, lane) || isForeign(lane, node)) return null;
  return { others: drain?.others === 0 ? 0 : leasedByOthers(w, lane.endpointSeq), isLast };
}

function leasedByOthers(w: Writing, endpointSeq: Seq): number {
  const first = w.self.node * TOKENS_PER_NODE;
  const values = { first, end: first + TOKENS_PER_NODE, endpointSeq };
  return Number(w.prepare(LEASED_BY_OTHERS).get(values)?.leases);
}

function isShared({ self }: Writing, lane: LaneRow): boolean {
  return self.nodes > 1 && !isPaced(lane, self.nodes);
}

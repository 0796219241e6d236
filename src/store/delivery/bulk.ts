/** What one step of a bulk action changes. The ledger found the deliveries; here each is looked at again. */
import type { EpochMs, Seq } from "../../domain/ids.ts";
import type { BulkTarget, LeasedRef, Wake } from "../../ports/store.ts";
import { one } from "../read-connection.ts";
import type { Writing } from "../writing.ts";
import {
  cancelFound,
  type FoundDelivery,
  replayFound,
  requeue,
  SELECT_FOUND,
  takesMore,
  wakeOf,
  whyNotRetry,
} from "./changes.ts";
import { advanceReadyAt } from "./lane-rows.ts";

export interface BulkChanges {
  readonly changed: number;
  /** How many deliveries could not be changed, by reason. */
  readonly failures: Readonly<Record<string, number>>;
  readonly woken: readonly Wake[];
  readonly requested: readonly LeasedRef[];
}

const FIND = `${SELECT_FOUND}
  WHERE d.seq = ?`;

/** @param startedAt when the job was started: what changed later is left alone, and was not counted */
export function changeBulk(
  w: Writing,
  target: BulkTarget,
  found: readonly Seq[],
  { startedAt, now }: { readonly startedAt: EpochMs; readonly now: EpochMs },
): BulkChanges {
  const failures: Record<string, number> = {};
  const requested: LeasedRef[] = [];
  const touched = new Set<Seq>();
  let changed = 0;
  for (const seq of found) {
    const delivery = one<FoundDelivery>(w, FIND, seq);
    if (delivery === undefined || isLater(delivery, target, startedAt)) continue;
    const result = act(w, target, delivery, now);
    if (typeof result === "string" && result !== "changed") failures[result] = (failures[result] ?? 0) + 1;
    else changed += 1;
    if (typeof result === "object") requested.push(result);
    touched.add(delivery.endpoint_seq);
  }
  const woken = target.action === "cancel" ? [] : [...touched].map((seq) => wake(w, seq, now));
  return { changed, failures, woken: woken.filter((each) => each !== null), requested };
}

/** A delivery that changed state after the job started was not counted, so it is skipped. */
function isLater(
  { ended_at, run_started_at }: FoundDelivery,
  { action, filter }: BulkTarget,
  startedAt: EpochMs,
): boolean {
  if (action === "replay" && filter.states === null) return false;
  return (ended_at ?? run_started_at ?? 0) > startedAt;
}

type Acted = "changed" | "ended" | "endpoint_deleted" | "endpoint_disabled" | "not_failed" | "test" | LeasedRef;

function act(w: Writing, { action }: BulkTarget, delivery: FoundDelivery, now: EpochMs): Acted {
  const lane = w.lanes.get(delivery.endpoint_seq);
  switch (action) {
    case "cancel": {
      const result = cancelFound(w, delivery, now);
      if (result.kind === "ended") return "ended";
      return result.kind === "requested" ? result : "changed";
    }
    case "retry": {
      const refused = whyNotRetry(delivery, lane);
      if (refused !== null) return REASON[refused.why];
      requeue(w, delivery.seq, now);
      return "changed";
    }
    case "replay":
      if (!takesMore(lane)) return lane.deleted ? "endpoint_deleted" : "endpoint_disabled";
      replayFound(w, delivery, now);
      return "changed";
  }
}

const REASON = { notFailed: "not_failed", endpointDeleted: "endpoint_deleted", isTest: "test" } as const;

function wake(w: Writing, endpointSeq: Seq, now: EpochMs): Wake | null {
  const lane = w.lanes.get(endpointSeq);
  advanceReadyAt(lane, now);
  return wakeOf(lane);
}

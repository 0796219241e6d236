/** `delivery.failed`: tells the endpoints that name it that a delivery ended without success. */
import { isOperationalEventType } from "../../domain/delivery/event.ts";
import { cameThrough } from "../../domain/delivery/loops.ts";
import { inTrace, type TraceContext } from "../../domain/delivery/trace-context.ts";
import { type EpochMs, ID_PREFIX, type Seq } from "../../domain/ids.ts";
import type { Wake } from "../../ports/store.ts";
import { one } from "../read-connection.ts";
import { uuidText } from "../rows.ts";
import type { Writing } from "../writing.ts";
import { publishOwn } from "./publish.ts";

const FAILED = "delivery.failed";

/** How many rows one `delivery.failed` of this tenant takes. */
export function rowsOfFailed(w: Writing, tenantSeq: Seq): number {
  const targets = w.memory.subscriptions.targets(tenantSeq, FAILED).length;
  return targets === 0 ? 0 : 1 + targets;
}

// By primary keys.
const DELIVERY = `
  SELECT d.id, d.attempts, d.reason, d.ended_at, e.id AS endpoint_id, v.id AS event_id, v.hops, v.trace, t.name AS type,
         n.id AS tenant_id, a.http_status
  FROM deliveries d
  JOIN events v ON v.seq = d.event_seq
  JOIN event_types t ON t.seq = d.type_seq
  JOIN endpoints e ON e.seq = d.endpoint_seq
  JOIN tenants n ON n.seq = d.tenant_seq
  LEFT JOIN attempts a ON a.seq = d.last_attempt_seq
  WHERE d.seq = ?`;

interface Failed {
  readonly id: Uint8Array;
  readonly attempts: number;
  readonly reason: string;
  readonly ended_at: EpochMs;
  readonly endpoint_id: Uint8Array;
  readonly event_id: Uint8Array;
  readonly hops: number | null;
  readonly trace: TraceContext | null;
  readonly type: string;
  readonly tenant_id: Uint8Array;
  readonly http_status: number | null;
}

/**
 * Publish `delivery.failed` for a delivery that has just ended as FAILED or EXPIRED, in the transaction that ended it.
 * If no endpoint subscribes, nothing is read or written. Operational events publish none themselves, so that an
 * endpoint that cannot be reached does not cause events about events.
 *
 * @returns which lanes to wake
 */
export function publishFailed(w: Writing, tenantSeq: Seq, deliverySeq: Seq): Wake[] {
  if (w.memory.subscriptions.targets(tenantSeq, FAILED).length === 0) return [];
  const delivery = one<Failed>(w, DELIVERY, deliverySeq);
  if (delivery === undefined || isOperationalEventType(delivery.type)) return [];
  const event = {
    id: w.newId(),
    tenantId: uuidText(delivery.tenant_id),
    type: FAILED,
    payload: JSON.stringify({
      delivery_id: ID_PREFIX.delivery + uuidText(delivery.id),
      event_id: ID_PREFIX.event + uuidText(delivery.event_id),
      event_type: delivery.type,
      endpoint_id: ID_PREFIX.endpoint + uuidText(delivery.endpoint_id),
      attempts: delivery.attempts,
      reason: delivery.reason,
      last_http_status: delivery.http_status,
    }),
    acceptedAt: delivery.ended_at,
    pauseId: null,
  };
  // With the hops of its cause: otherwise a loop through another server would begin anew with each failure.
  return publishOwn(w, tenantSeq, inTrace(cameThrough(event, delivery.hops ?? 0), delivery.trace), "operational");
}

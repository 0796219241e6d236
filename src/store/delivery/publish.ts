/** publish: inserts an event and all its deliveries, in the transaction that a 202 waits for. */
import type { Event } from "../../domain/delivery/event.ts";
import { nodeOfToken } from "../../domain/delivery/lease-token.ts";
import { isPaced } from "../../domain/delivery/pace.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import { HELD_BYTES_PER_TENANT_MAX } from "../../domain/limits.ts";
import type { TotalName } from "../../domain/upkeep/totals.ts";
import type {
  Broken,
  DeliveryRef,
  PublishedDelivery,
  PublishRequest,
  PublishResult,
  PublishTarget,
  Wake,
} from "../../ports/store.ts";
import { each } from "../group.ts";
import { uuidBytes, uuidText } from "../rows.ts";
import type { Writing } from "../writing.ts";
import { decidersText } from "./event-deciders.ts";
import { findIdempotencyKey, rememberKey } from "./idempotency.ts";
import { creationTime, eventBytes, insertDelivery, insertEvent } from "./insert.ts";
import { advanceReadyAt, isForeign, isHeld, type LaneRow, mayLease, updateLane } from "./lane-rows.ts";
import { boundWaiting } from "./listener-bound.ts";

export function publish(w: Writing, requests: readonly PublishRequest[]): (PublishResult | Broken)[] {
  return each(w, requests, (request) => publishOne(w, request));
}

function publishOne(w: Writing, request: PublishRequest): PublishResult {
  const { tenantSeq, event, idempotency } = request;
  const now = event.acceptedAt;
  if (idempotency !== null) {
    const remembered = findIdempotencyKey(w, tenantSeq, idempotency, now);
    if (remembered !== null) {
      if (remembered.fingerprint !== idempotency.fingerprint) return { kind: "conflict" };
      return firstResult(w, remembered.seq);
    }
  }
  const stale = w.usage.endpointVersion(tenantSeq) !== request.endpointVersion;
  // Looked for only where it can matter, to save the look-up: a repeated request first fails on its event's unique id.
  const before = stale || w.mode.careful ? publishedBefore(w, request) : null;
  if (before !== null) return before;
  if (stale) return { kind: "stale" };
  const excess = w.usage.excessOfBytes(tenantSeq, eventBytes(event, request.targets.length));
  if (excess !== null) return excess;
  const lanes = request.targets.map((target) => w.lanes.get(target.endpointSeq));
  const full = heldEndpointOverLimit(w, tenantSeq, lanes, event);
  if (full !== null) return { kind: "backlogFull", endpointId: full };

  const { eventSeq, typeSeq } = insertEvent(w, {
    tenantSeq,
    event,
    deliveryCount: request.targets.length,
    named: request.named,
    namedDisabled: request.namedDisabled,
    keyed: idempotency !== null,
    origin: "publish",
  });
  const createdAt = creationTime(w, now);
  const leases = request.targets.map((target, index) => leaseFor(w, target, lanes[index], now));
  const deliveries = request.targets.map((target, index): PublishedDelivery => {
    const lease = leases[index] ?? null;
    const seq = insertDelivery(w, {
      id: target.deliveryId,
      tenantSeq,
      endpointSeq: target.endpointSeq,
      eventSeq,
      typeSeq,
      format: target.format,
      ordered: target.ordered,
      createdAt,
      dueAt: now,
      lease,
      origin: "publish",
    });
    return { seq, leased: lease !== null };
  });
  if (idempotency !== null) rememberKey(w, tenantSeq, idempotency, eventSeq, now);
  // When a savepoint is rolled back, `inSavepoint` clears the lanes, so no lane keeps a change without its rows.
  for (const [index, lane] of lanes.entries()) enterLane(w, lane, deliveries[index]?.leased === true, event);
  return { kind: "published", eventSeq, createdAt, deliveries };
}

const PUBLISHED = "SELECT seq, first_delivery_seq, delivery_count FROM events WHERE id = ? AND tenant_seq = ?";
const ITS_DELIVERIES = "SELECT seq, id, lease, created_at FROM deliveries WHERE seq >= ? AND seq < ? ORDER BY seq";

/** The result of this same request if it was committed before; null when it was not. */
function publishedBefore(w: Writing, { tenantSeq, event, targets }: PublishRequest): PublishResult | null {
  const found = w.prepare(PUBLISHED).get(uuidBytes(event.id), tenantSeq);
  if (found === undefined) return null;
  const first = Number(found.first_delivery_seq);
  const rows = w.prepare(ITS_DELIVERIES).all(first, first + Number(found.delivery_count));
  const isSame =
    rows.length === targets.length &&
    targets.every(({ deliveryId }, index) => uuidText(rows[index]?.id as Uint8Array) === deliveryId);
  if (!isSame) return null;
  const deliveries = targets.map(({ token }, index): PublishedDelivery => {
    const row = rows[index];
    return { seq: Number(row?.seq), leased: token !== null && row?.lease === token };
  });
  const createdAt = Number(rows[0]?.created_at ?? event.acceptedAt);
  return { kind: "published", eventSeq: Number(found.seq), createdAt, deliveries };
}

function leaseFor(w: Writing, { token }: PublishTarget, lane: LaneRow | undefined, now: EpochMs): number | null {
  const { self } = w;
  // A token of the node's former number is of a request that began before the node entered again.
  if (lane === undefined || token === null || nodeOfToken(token) !== self.node) return null;
  // What became due while the request waited is due.
  return mayLease(lane, self, Math.max(now, w.clockMs() ?? now)) ? token : null;
}

function enterLane(w: Writing, lane: LaneRow, leased: boolean, event: Event): void {
  if (leased) {
    // One node paces an ordered or rate-limited lane: the first that leases from it.
    if (isPaced(lane, w.self.nodes) && lane.owner === null) updateLane(lane, { owner: w.self.node });
    return;
  }
  addToBacklog(w, lane, event);
}

/** The lane has one more delivery that waits in the store: wake the lane, or count its held bytes. */
function addToBacklog(w: Writing, lane: LaneRow, event: Event): void {
  if (!isHeld(lane)) {
    advanceReadyAt(lane, event.acceptedAt);
    if (isForeign(lane, w.self.node)) w.mode.noted = true; // its owner claims it
    return;
  }
  const bytes = Buffer.byteLength(event.payload);
  updateLane(lane, { heldBytes: lane.heldBytes + bytes, heldCount: lane.heldCount + 1 });
  const held = w.memory.heldBytes.get(lane.tenantSeq);
  if (held !== undefined) w.memory.heldBytes.set(lane.tenantSeq, held + bytes);
  if (lane.streamed) boundWaiting(w, lane, event.acceptedAt);
}

const HELD_BYTES = `
  SELECT coalesce(sum(l.held_bytes), 0) AS bytes
  FROM endpoints e JOIN lanes l ON l.endpoint_seq = e.seq
  WHERE e.tenant_seq = ? AND e.deleted_at IS NULL AND l.held_since IS NOT NULL`;

/** The id of a held endpoint, if this event would exceed the tenant's limit of held bytes; null otherwise. */
function heldEndpointOverLimit(w: Writing, tenantSeq: Seq, lanes: readonly LaneRow[], event: Event) {
  const held = lanes.filter(isHeld);
  const first = held[0];
  if (first === undefined) return null;
  let bytes = w.memory.heldBytes.get(tenantSeq);
  if (bytes === undefined) {
    w.lanes.flush();
    bytes = Number(w.prepare(HELD_BYTES).get(tenantSeq)?.bytes);
    w.memory.heldBytes.set(tenantSeq, bytes);
  }
  if (bytes + held.length * Buffer.byteLength(event.payload) <= HELD_BYTES_PER_TENANT_MAX) return null;
  return uuidText(w.prepare("SELECT id FROM endpoints WHERE seq = ?").get(first.endpointSeq)?.id as Uint8Array);
}

const EVENT_OF_KEY = "SELECT id, first_delivery_seq, delivery_count FROM events WHERE seq = ?";
const FIRST_DELIVERIES = `
  SELECT d.id AS delivery_id, e.id AS endpoint_id
  FROM deliveries d JOIN endpoints e ON e.seq = d.endpoint_seq
  WHERE d.seq >= ? AND d.seq < ?
  ORDER BY d.seq`;

function firstResult(w: Writing, eventSeq: Seq): PublishResult {
  const event = w.prepare(EVENT_OF_KEY).get(eventSeq);
  if (event === undefined) throw new Error(`event ${eventSeq} is gone before its idempotency key`);
  const first = Number(event.first_delivery_seq);
  const rows = w.prepare(FIRST_DELIVERIES).all(first, first + Number(event.delivery_count));
  const deliveries = rows.map(
    (row): DeliveryRef => ({
      deliveryId: uuidText(row.delivery_id as Uint8Array),
      endpointId: uuidText(row.endpoint_id as Uint8Array),
    }),
  );
  return { kind: "repeated", eventId: uuidText(event.id as Uint8Array), deliveries };
}

/** What publishes within another verb's transaction. */
type OwnOrigin = Exclude<TotalName<"events">, "publish" | "test">;

/**
 * Publish an event of Signalbox's own within another verb's transaction. Its deliveries wait in the store. Returns
 * which lanes to wake. The event counts towards the quotas of held and stored bytes, but is never refused because of
 * them: the tenant must learn how a pause ended.
 */
export function publishOwn(w: Writing, tenantSeq: Seq, event: Event, origin: OwnOrigin): Wake[] {
  return publishFrom(w, tenantSeq, event, origin).woken;
}

/** Apart from the insert of every event, which the few decisions of signed-in users must not make wider. */
const SET_DECIDERS = "UPDATE events SET decided_by = ? WHERE seq = ?";

/** Like `publishOwn`, and also returns the event's sequence. */
export function publishFrom(
  w: Writing,
  tenantSeq: Seq,
  event: Event,
  origin: OwnOrigin,
): { readonly eventSeq: Seq; readonly woken: Wake[] } {
  const targets = w.memory.subscriptions.targets(tenantSeq, event.type);
  const { eventSeq, typeSeq } = insertEvent(w, {
    tenantSeq,
    event,
    deliveryCount: targets.length,
    named: false,
    namedDisabled: [],
    keyed: false,
    origin,
  });
  const deciders = decidersText(event);
  if (deciders !== null) w.prepare(SET_DECIDERS).run(deciders, eventSeq);
  const createdAt = creationTime(w, event.acceptedAt);
  for (const target of targets) {
    insertDelivery(w, {
      id: w.newId(),
      tenantSeq,
      endpointSeq: target.seq,
      eventSeq,
      typeSeq,
      format: target.format,
      ordered: target.ordered,
      createdAt,
      dueAt: event.acceptedAt,
      lease: null,
      origin,
    });
  }
  for (const { seq } of targets) addToBacklog(w, w.lanes.get(seq), event);
  return { eventSeq, woken: wakesOf(w, targets) };
}

/** The wakes for an event of Signalbox's own that was just published. */
export function wakesOfType(w: Writing, tenantSeq: Seq, type: string): Wake[] {
  return wakesOf(w, w.memory.subscriptions.targets(tenantSeq, type));
}

function wakesOf(w: Writing, targets: readonly { readonly seq: Seq }[]): Wake[] {
  return targets.flatMap(({ seq }) => {
    const { readyAt } = w.lanes.get(seq);
    return readyAt === null ? [] : [{ endpointSeq: seq, readyAt }];
  });
}

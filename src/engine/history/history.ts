/** What happened, and what can be done about a single delivery. */
import type { EpochMs, Uuid } from "../../domain/ids.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Cursor, RetriedOfEvent, Store } from "../../ports/store.ts";
import type { Deliveries } from "../delivery/deliveries.ts";
import type { HistoryService } from "../engine-types.ts";
import type { Streams } from "./stream.ts";

const HOUR_MS = 3_600_000;

export function createHistory(clock: Clock, store: Store, deliveries: Deliveries, streams: Streams): HistoryService {
  /** The last `hours` hours, the present one included. */
  const range = (hours: number): [EpochMs, EpochMs] => {
    const to = Math.floor(clock.now() / HOUR_MS + 1) * HOUR_MS;
    return [to - hours * HOUR_MS, to];
  };

  return {
    listDeliveries({ tenantSeq }, { cursor, limit, ...filter }) {
      return store.listDeliveries({ tenantSeq, ...filter }, cursor, limit);
    },
    getDelivery: ({ tenantSeq }, id) => store.getDelivery(tenantSeq, id),
    getEvent: ({ tenantSeq }, id) => store.getEvent(tenantSeq, id),
    async cancel({ actor, tenantSeq }, id) {
      const result = await store.cancel({ actor, tenantSeq, id, now: clock.now() });
      if (result.kind === "requested") deliveries.dropCancelled(result.endpointSeq, result.deliverySeq);
      return result.kind === "requested" ? "cancelled" : result.kind;
    },
    async retry({ actor, tenantSeq }, id) {
      const result = await store.retry({ actor, tenantSeq, id, now: clock.now() });
      if (result.kind === "queued" && result.wake !== null) deliveries.claims.wake([result.wake]);
      return result;
    },
    async retryEvent({ actor, tenantSeq }, eventId) {
      const queued: Uuid[] = [];
      let cursor: Cursor | null = null;
      do {
        const step: RetriedOfEvent | null = await store.retryEvent({
          actor,
          tenantSeq,
          eventId,
          cursor,
          now: clock.now(),
        });
        if (step === null) return { kind: "unknown" };
        deliveries.claims.wake(step.woken);
        queued.push(...step.deliveryIds);
        cursor = step.next;
      } while (cursor !== null);
      const [oldest, ...others] = queued;
      return oldest === undefined ? { kind: "nothing" } : { kind: "queued", deliveryIds: [oldest, ...others] };
    },
    async replay({ actor, tenantSeq }, deliveryIds, dryRun) {
      const result = await store.replay({ actor, tenantSeq, deliveryIds, dryRun, now: clock.now() });
      if (result.kind === "unknown") return result;
      deliveries.claims.wake(result.woken);
      return { kind: "created", batchId: clock.uuid(), count: result.count, skipped: result.skipped };
    },
    getJob: ({ tenantSeq }, id) => store.getJob(tenantSeq, id),
    volume: ({ tenantSeq }, hours) => store.countVolume(tenantSeq, ...range(hours)),
    latency: ({ tenantSeq }, hours) => store.countLatency(tenantSeq, ...range(hours)),
    endpointHealth: ({ tenantSeq }, hours) => store.countEndpointHealth(tenantSeq, ...range(hours)),
    stream: ({ tenantSeq }, after) => streams.open(tenantSeq, after),
  };
}

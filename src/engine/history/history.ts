/** The delivery history, and what callers can do about a single delivery or event. */
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { Clock } from "../../ports/clock.ts";
import type {
  AttemptRow,
  CountedDeliveries,
  Cursor,
  DeliveryFilter,
  DeliveryRow,
  EndpointHealthRow,
  EventView,
  HourCounts,
  RetriedOfEvent,
  RetryResult,
  Store,
} from "../../ports/store.ts";
import type { Caller } from "../access/caller.ts";
import type { Deliveries } from "../delivery/deliveries.ts";
import { attemptShownTo, hiddenDeliveries, isHidden } from "./agent-view.ts";
import type {
  HistoryService,
  ListDeliveriesInput,
  LiveStream,
  ReplayOutput,
  RetryEventOutput,
  StreamInput,
} from "./history-types.ts";
import type { Streams } from "./streams.ts";

const HOUR_MS = 3_600_000;

export class History implements HistoryService {
  readonly #clock: Clock;
  readonly #store: Store;
  readonly #deliveries: Deliveries;
  readonly #streams: Streams;

  constructor(clock: Clock, store: Store, deliveries: Deliveries, streams: Streams) {
    this.#clock = clock;
    this.#store = store;
    this.#deliveries = deliveries;
    this.#streams = streams;
  }

  async listDeliveries(caller: Caller, input: ListDeliveriesInput): Promise<CountedDeliveries> {
    const page = await this.#listDeliveries(caller, input);
    return { ...page, rows: page.rows.filter(({ eventType }) => !isHidden(caller, eventType)) };
  }

  async #listDeliveries({ tenantSeq }: Caller, input: ListDeliveriesInput): Promise<CountedDeliveries> {
    const filter = indexedFilter(tenantSeq, input);
    if (filter !== null) {
      return { ...(await this.#store.listDeliveries(filter, input.cursor, input.limit)), total: null, asOf: null };
    }
    const { conditions, ...query } = input;
    return this.#store.queryDeliveries({ ...query, filter: { ...conditions, tenantSeq }, now: this.#clock.now() });
  }

  async getDelivery(
    caller: Caller,
    id: Uuid,
  ): Promise<{ readonly row: DeliveryRow; readonly attempts: readonly AttemptRow[] } | null> {
    const found = await this.#store.getDelivery(caller.tenantSeq, id);
    if (found === null || isHidden(caller, found.row.eventType)) return null;
    return { ...found, attempts: found.attempts.map((attempt) => attemptShownTo(caller, attempt)) };
  }

  async getEvent(caller: Caller, id: Uuid): Promise<EventView | null> {
    const event = await this.#store.getEvent(caller.tenantSeq, id);
    return event === null || isHidden(caller, event.type) ? null : event;
  }

  async cancel({ actor, tenantSeq }: Caller, id: Uuid): Promise<"cancelled" | "ended" | "unknown"> {
    const result = await this.#store.cancel({ actor, tenantSeq, id, now: this.#clock.now() });
    if (result.kind !== "requested") return result.kind;
    this.#deliveries.dropCancelled(result.endpointSeq, result.deliverySeq);
    return "cancelled";
  }

  async retry(caller: Caller, id: Uuid): Promise<RetryResult> {
    const { actor, tenantSeq } = caller;
    if ((await this.#hidden(caller, [id])).length > 0) return { kind: "unknown" };
    const result = await this.#store.retry({ actor, tenantSeq, id, now: this.#clock.now() });
    if (result.kind === "queued" && result.wake !== null) this.#deliveries.claims.wake([result.wake]);
    return result;
  }

  async retryEvent({ actor, tenantSeq }: Caller, eventId: Uuid): Promise<RetryEventOutput> {
    const queued: Uuid[] = [];
    let cursor: Cursor | null = null;
    do {
      const request = { actor, tenantSeq, eventId, cursor, now: this.#clock.now() };
      const step: RetriedOfEvent | null = await this.#store.retryEvent(request);
      if (step === null) return { kind: "unknown" };
      this.#deliveries.claims.wake(step.woken);
      queued.push(...step.deliveryIds);
      cursor = step.next;
    } while (cursor !== null);
    const [oldest, ...others] = queued;
    return oldest === undefined ? { kind: "nothing" } : { kind: "queued", deliveryIds: [oldest, ...others] };
  }

  #hidden(caller: Caller, ids: readonly Uuid[]): Promise<readonly Uuid[]> {
    return hiddenDeliveries(caller, ids, (id) => this.getDelivery(caller, id));
  }

  async replay(caller: Caller, deliveryIds: readonly Uuid[], dryRun: boolean): Promise<ReplayOutput> {
    const { actor, tenantSeq } = caller;
    const hidden = await this.#hidden(caller, deliveryIds);
    if (hidden.length > 0) return { kind: "unknown", deliveryIds: hidden };
    const result = await this.#store.replay({ actor, tenantSeq, deliveryIds, dryRun, now: this.#clock.now() });
    if (result.kind === "unknown") return result;
    this.#deliveries.claims.wake(result.woken);
    return { kind: "created", batchId: this.#clock.uuid(), count: result.count, skipped: result.skipped };
  }

  volume({ tenantSeq }: Caller, hours: number): Promise<readonly HourCounts[]> {
    return this.#store.countVolume(tenantSeq, ...this.#lastHours(hours));
  }

  latency({ tenantSeq }: Caller, hours: number): Promise<readonly [number, number, number, number, number]> {
    return this.#store.countLatency(tenantSeq, ...this.#lastHours(hours));
  }

  endpointHealth({ tenantSeq }: Caller, hours: number): Promise<readonly EndpointHealthRow[]> {
    return this.#store.countEndpointHealth(tenantSeq, ...this.#lastHours(hours));
  }

  stream({ tenantSeq }: Caller, input: StreamInput): LiveStream | null {
    return this.#streams.open(tenantSeq, input);
  }

  /** The last `hours` whole hours, including the current one. */
  #lastHours(hours: number): [from: EpochMs, to: EpochMs] {
    const to = Math.floor(this.#clock.now() / HOUR_MS + 1) * HOUR_MS;
    return [to - hours * HOUR_MS, to];
  }
}

/** The filter, if indexes answer it newest first. Otherwise null: the ledger answers it. */
function indexedFilter(tenantSeq: Seq, input: ListDeliveriesInput): DeliveryFilter | null {
  const { conditions, order, count, asOf } = input;
  const { states, endpointIds, deliveryIds, httpStatus, classification, reason, attemptsMin, ...others } = conditions;
  const columns = [deliveryIds, httpStatus, classification, reason, attemptsMin, asOf];
  const isNewestFirst = order.by === "createdAt" && order.direction === "desc";
  if (columns.some((condition) => condition !== null) || !isNewestFirst || count) return null;
  if ((states?.length ?? 0) > 1 || (endpointIds?.length ?? 0) > 1) return null;
  return { ...others, tenantSeq, state: states?.[0] ?? null, endpointId: endpointIds?.[0] ?? null };
}

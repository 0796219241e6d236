/** Publish: find the endpoints that an event matches, store the event with the next group commit, queue what was leased. */
import { hash } from "node:crypto";
import type { LeasedDelivery } from "../../domain/delivery/delivery.ts";
import type { Event } from "../../domain/delivery/event.ts";
import { inTrace } from "../../domain/delivery/trace-context.ts";
import type { MatchedEndpoint } from "../../domain/endpoints/endpoint.ts";
import { StoreUnavailable } from "../../domain/errors.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import {
  EVENT_TARGETS_MAX,
  GROUP_BYTES_MAX,
  GROUP_DELIVERIES_MAX,
  PUBLISH_QUEUE_BYTES_MAX,
} from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type {
  IdempotencyClaim,
  PublishedDelivery,
  PublishRequest,
  PublishResult,
  PublishTarget,
  Store,
} from "../../ports/store.ts";
import type { Telemetry, Tracing } from "../../ports/telemetry.ts";
import type { Caller } from "../access/caller.ts";
import type { KnownEndpoint, MatchedEndpoints } from "../endpoints/known-endpoints.ts";
import type { Matching } from "../endpoints/matching.ts";
import type { Streams } from "../history/streams.ts";
import { Batcher } from "../scheduling/batcher.ts";
import type { TenantActivity } from "../scheduling/tenant-activity.ts";
import type { Outage } from "../upkeep/outage.ts";
import type { Deliveries } from "./deliveries.ts";
import type { Lane } from "./lane.ts";
import type { Tokens } from "./lease-tokens.ts";
import type { PublishInput, PublishOutput } from "./publish-types.ts";

export interface PublisherOptions {
  readonly clock: Pick<Clock, "now" | "uuid">;
  readonly store: Pick<Store, "publish" | "notes">;
  readonly matching: Pick<Matching, "find" | "outdated">;
  readonly deliveries: Deliveries;
  readonly tokens: Tokens;
  readonly telemetry: Pick<Telemetry, "tracing">;
  readonly outage: Pick<Outage, "report" | "reason" | "onChange">;
  readonly activity: TenantActivity;
  readonly streams: Pick<Streams, "announce">;
}

/** Roughly what an event and a delivery each take in a group commit, in addition to the payload. */
const ROW_BYTES = 300;
/** Matches no tenant's endpoints: the store looks up the idempotency key, and publishes nothing. */
const NO_VERSION = -1;
/** Each try fails because the tenant's endpoints changed in the moment between matching and committing. */
const STALE_TRIES_MAX = 20;

export class Publisher {
  readonly #options: PublisherOptions;
  readonly #requests: Batcher<PublishRequest, PublishResult>;

  constructor(options: PublisherOptions) {
    const { store, deliveries, outage, activity } = options;
    this.#options = options;
    this.#requests = new Batcher({
      carryOut(batch) {
        const results = store.publish(batch);
        deliveries.publishing(results);
        return results;
      },
      rowsMax: GROUP_DELIVERIES_MAX,
      bytesMax: GROUP_BYTES_MAX,
      queueBytesMax: PUBLISH_QUEUE_BYTES_MAX,
      tenantOf: ({ tenantSeq }) => tenantSeq,
      activity,
      ...(store.notes !== null && { outage }),
      onFailure(error) {
        outage.report(error);
        return Promise.resolve("giveUp"); // the caller gets a 503, and tries again
      },
    });
  }

  /** Events that wait for their commit. */
  get queueSize(): number {
    return this.#requests.size;
  }

  /** Resolves when no event waits. */
  drained(): Promise<void> {
    return this.#requests.drained();
  }

  publish(caller: Caller, input: PublishInput): Promise<PublishOutput> {
    const { tracing } = this.#options.telemetry;
    return tracing === undefined ? this.#publish(caller, input) : this.#publishTraced(tracing, caller, input);
  }

  async #publishTraced(tracing: Tracing, caller: Caller, input: PublishInput): Promise<PublishOutput> {
    const span = tracing.startPublish(input.type, input.trace);
    try {
      const output = await this.#publish(caller, { ...input, trace: span.trace });
      const { kind } = output;
      span.end(
        kind === "accepted" ? { kind, eventId: output.eventId, deliveries: output.deliveries.length } : { kind },
      );
      return output;
    } catch (error) {
      span.end({ kind: "error" });
      throw error;
    }
  }

  async #publish(caller: Caller, input: PublishInput): Promise<PublishOutput> {
    const { matching } = this.#options;
    this.#refuseBeyondQueue(caller.tenantSeq, input.payload.length);
    for (let tries = 0; tries < STALE_TRIES_MAX; tries += 1) {
      const looked = matching.find(caller.tenantSeq, input);
      const found = looked instanceof Promise ? await looked : looked;
      const result = await this.#tryOnce(caller, input, found);
      if (result !== "stale") return result;
      matching.outdated(caller.tenantSeq, found.version);
    }
    throw new StoreUnavailable("the tenant's endpoints change faster than an event can be matched");
  }

  #refuseBeyondQueue(tenantSeq: Seq, bytes: number): void {
    if (bytes <= this.#requests.allowance(tenantSeq)) return;
    throw new StoreUnavailable("too many of the tenant's events are waiting to be committed");
  }

  async #tryOnce(caller: Caller, input: PublishInput, found: MatchedEndpoints): Promise<PublishOutput | "stale"> {
    const { clock, deliveries } = this.#options;
    const chosen = choose(found);
    if (chosen.kind !== "chosen") return (await this.#firstAnswer(caller, input)) ?? chosen;
    const rows = 1 + chosen.endpoints.length;
    const bytes = rows * ROW_BYTES + input.payload.length;
    // Checked again: other events may have joined the queue while this one's endpoints were looked up.
    this.#refuseBeyondQueue(caller.tenantSeq, bytes);
    const event = eventOf(clock, caller, input);
    const reservations = chosen.endpoints.map((endpoint) => this.#reserve(endpoint, event));
    const request: PublishRequest = {
      tenantSeq: caller.tenantSeq,
      event,
      endpointVersion: found.version,
      targets: reservations.map(({ target }) => target),
      named: input.endpointIds !== null,
      namedDisabled: chosen.disabled.map(({ seq }) => seq),
      idempotency: idempotencyOf(input),
    };
    try {
      const result = await this.#requests.add(request, { rows, bytes });
      if (result.kind === "published") {
        const { streams } = this.#options;
        streams.announce(caller.tenantSeq, { topic: "event", eventId: event.id, eventType: event.type });
      }
      return this.#resultOf(result, event, reservations);
    } finally {
      const { lanePool } = deliveries;
      for (const { lane } of reservations) if (lane !== null) lanePool.unreserve(lane, event.payload.length);
    }
  }

  /**
   * The result that the idempotency key got before the endpoints that it named were deleted. Null without a key, and when
   * the key has no result.
   */
  async #firstAnswer(caller: Caller, input: PublishInput): Promise<PublishOutput | null> {
    const idempotency = idempotencyOf(input);
    if (idempotency === null) return null;
    const event = eventOf(this.#options.clock, caller, input);
    const { tenantSeq } = caller;
    const endpointVersion = NO_VERSION;
    const nothing = { targets: [], named: true, namedDisabled: [] };
    const request = { tenantSeq, event, endpointVersion, ...nothing, idempotency };
    const result = await this.#requests.add(request, { rows: 1, bytes: ROW_BYTES + event.payload.length });
    const first = this.#resultOf(result, event, []);
    return first === "stale" ? null : first;
  }

  /** Reserve a slot in the endpoint's lane, if the lane has one; otherwise the delivery is to wait in the store. */
  #reserve(endpoint: KnownEndpoint, event: Event): Reservation {
    const { clock, deliveries, tokens } = this.#options;
    const lane = endpoint.status === "ACTIVE" ? this.#laneOf(endpoint) : null;
    const takes = lane !== null && deliveries.takesLeases && deliveries.lanePool.reserve(lane, event.payload.length);
    return {
      endpoint,
      lane: takes ? lane : null,
      target: {
        endpointSeq: endpoint.seq,
        deliveryId: clock.uuid(),
        format: endpoint.format,
        ordered: endpoint.ordered,
        token: takes ? tokens.next() : null,
      },
    };
  }

  /** Null when the lane is not open and the endpoint's destination is not in memory. */
  #laneOf({ seq, destination }: KnownEndpoint): Lane | null {
    const { lanePool } = this.#options.deliveries;
    return destination === null ? (lanePool.get(seq) ?? null) : lanePool.open(destination);
  }

  #resultOf(result: PublishResult, event: Event, reservations: readonly Reservation[]): PublishOutput | "stale" {
    switch (result.kind) {
      case "published":
        for (const [index, reservation] of reservations.entries()) {
          const published = result.deliveries[index];
          if (published !== undefined) this.#enter(event, reservation, published, result.createdAt);
        }
        return { kind: "accepted", eventId: event.id, deliveries: reservations.map(created) };
      case "repeated":
        return {
          kind: "accepted",
          eventId: result.eventId,
          deliveries: result.deliveries.map((ref) => ({ ...ref, created: false })),
        };
      case "stale":
        return "stale";
      case "conflict":
      case "backlogFull":
      case "quotaExceeded":
        return result;
      case "broken":
        throw new Error(result.message);
    }
  }

  /** Hand a published delivery to its lane, or to the claims if it waits in the store. */
  #enter(event: Event, reservation: Reservation, published: PublishedDelivery, createdAt: EpochMs): void {
    const { deliveries } = this.#options;
    const { endpoint, target, lane } = reservation;
    if (!published.leased || lane === null || target.token === null) {
      if (endpoint.status === "ACTIVE") {
        deliveries.claims.wake([{ endpointSeq: endpoint.seq, readyAt: event.acceptedAt }]);
      }
      return;
    }
    const delivery: LeasedDelivery = {
      tenantSeq: lane.tenantSeq,
      seq: published.seq,
      id: target.deliveryId,
      token: target.token,
      endpointSeq: endpoint.seq,
      event,
      format: target.format,
      ordered: target.ordered,
      createdAt,
      attempts: 0,
      runAttempts: 0,
      runFirstActiveMs: null,
    };
    deliveries.enqueue(lane, delivery);
  }
}

interface Reservation {
  readonly endpoint: MatchedEndpoint;
  readonly target: PublishTarget;
  /** The lane with the reserved slot; null when there is none, and the delivery is to wait in the store. */
  readonly lane: Lane | null;
}

function created({ target, endpoint }: Reservation) {
  return { deliveryId: target.deliveryId, endpointId: endpoint.id, created: true };
}

type Chosen =
  | {
      readonly kind: "chosen";
      readonly endpoints: readonly KnownEndpoint[];
      readonly disabled: readonly KnownEndpoint[];
    }
  | Extract<PublishOutput, { kind: "unknownEndpoints" | "tooManyTargets" }>;

const NONE: readonly KnownEndpoint[] = [];

/** Only endpoints that the caller named can be DISABLED: matching leaves disabled endpoints out. */
function choose({ count, endpoints, unknown }: MatchedEndpoints): Chosen {
  if (unknown.length > 0) return { kind: "unknownEndpoints", endpointIds: unknown };
  if (count > EVENT_TARGETS_MAX) return { kind: "tooManyTargets", count };
  if (!endpoints.some(isDisabled)) return { kind: "chosen", endpoints, disabled: NONE };
  return {
    kind: "chosen",
    endpoints: endpoints.filter((endpoint) => !isDisabled(endpoint)),
    disabled: endpoints.filter(isDisabled),
  };
}

function isDisabled({ status }: KnownEndpoint): boolean {
  return status === "DISABLED";
}

function eventOf(clock: PublisherOptions["clock"], caller: Caller, input: PublishInput): Event {
  const { type, payload, trace } = input;
  const { tenantId } = caller;
  const event = { id: clock.uuid(), tenantId, type, payload, acceptedAt: clock.now(), pauseId: null };
  return inTrace(event, trace);
}

function idempotencyOf({ idempotencyKey, type, payload, endpointIds }: PublishInput): IdempotencyClaim | null {
  if (idempotencyKey === null) return null;
  const ids = endpointIds === null ? "*" : [...endpointIds].sort().join(",");
  return {
    surface: "events",
    keyHash: hash("sha256", idempotencyKey, "hex"),
    // The lengths come first, so that no two different requests have the same text.
    fingerprint: hash("sha256", `${type.length}:${type}${ids.length}:${ids}${payload}`, "hex"),
  };
}

/** Publish: match the tenant's endpoints, join the group commit, hand what was leased to its lanes. */
import { hash } from "node:crypto";
import type { LeasedDelivery } from "../../domain/delivery/delivery.ts";
import type { Event } from "../../domain/delivery/event.ts";
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
import type { Telemetry } from "../../ports/telemetry.ts";
import type { Found, KnownEndpoint } from "../endpoints/known-endpoints.ts";
import type { Matching } from "../endpoints/matching.ts";
import type { Caller, PublishAnswer, PublishInput } from "../engine-types.ts";
import { createBatcher } from "../scheduling/batcher.ts";
import type { Outage } from "../upkeep/outage.ts";
import type { Deliveries } from "./deliveries.ts";
import type { Lane } from "./lane.ts";
import type { LanePool } from "./lane-pool.ts";
import type { Tokens } from "./lease-tokens.ts";

export interface Publisher {
  publish(caller: Caller, input: PublishInput): Promise<PublishAnswer>;
  readonly queueSize: number;
  drained(): Promise<void>;
}

export interface PublisherOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly matching: Matching;
  readonly deliveries: Deliveries;
  readonly tokens: Tokens;
  readonly telemetry: Telemetry;
  readonly outage: Outage;
}

/** What an event and a delivery take in a group commit beside the payload, roughly. */
const ROW_BYTES = 300;
/** A version that no tenant's endpoints ever have: the store looks the key up, and publishes nothing. */
const NO_VERSION = -1;
/** Each is one change of the tenant's endpoints in the moment between matching and committing. */
const STALE_TRIES_MAX = 20;

export function createPublisher(options: PublisherOptions): Publisher {
  const { clock, store, matching, telemetry, outage } = options;
  const requests = createBatcher<PublishRequest, PublishResult>({
    carryOut: (batch) => store.publish(batch),
    rowsMax: GROUP_DELIVERIES_MAX,
    bytesMax: GROUP_BYTES_MAX,
    queueBytesMax: PUBLISH_QUEUE_BYTES_MAX,
    tenantOf: ({ tenantSeq }) => tenantSeq,
    onFailure(error) {
      outage.report(error);
      return Promise.resolve("giveUp"); // the caller is told 503, and tries again
    },
  });

  function refuseBeyondQueue(tenantSeq: Seq, bytes: number): void {
    if (bytes <= requests.allowance(tenantSeq)) return;
    throw new StoreUnavailable("too many of the tenant's events are waiting to be committed");
  }

  async function tryOnce(caller: Caller, input: PublishInput, found: Found): Promise<PublishAnswer | "stale"> {
    const chosen = choose(found);
    if (chosen.kind !== "chosen") return (await firstAnswer(caller, input)) ?? chosen;
    const rows = 1 + chosen.endpoints.length;
    const bytes = rows * ROW_BYTES + input.payload.length;
    // Again: others may have come to the queue while this one's endpoints were looked up.
    refuseBeyondQueue(caller.tenantSeq, bytes);
    const event = eventOf(clock, caller, input);
    const reservations = chosen.endpoints.map((endpoint) => reserve(options, endpoint, event));
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
      const result = await requests.add(request, { rows, bytes });
      return answer(result, event, reservations);
    } finally {
      const { lanePool } = options.deliveries;
      for (const { lane } of reservations) if (lane !== null) lanePool.unreserve(lane, event.payload.length);
    }
  }

  /** What the key was used for before its endpoints went; null without a key, or when nothing came of it. */
  async function firstAnswer(caller: Caller, input: PublishInput): Promise<PublishAnswer | null> {
    const idempotency = idempotencyOf(input);
    if (idempotency === null) return null;
    const event = eventOf(clock, caller, input);
    const { tenantSeq } = caller;
    const endpointVersion = NO_VERSION;
    const nothing = { targets: [], named: true, namedDisabled: [] };
    const request = { tenantSeq, event, endpointVersion, ...nothing, idempotency };
    const result = await requests.add(request, { rows: 1, bytes: ROW_BYTES + event.payload.length });
    const first = answer(result, event, []);
    return first === "stale" ? null : first;
  }

  function answer(result: PublishResult, event: Event, reservations: readonly Reservation[]): PublishAnswer | "stale" {
    switch (result.kind) {
      case "published":
        telemetry.published(reservations.length);
        for (const [index, reservation] of reservations.entries()) {
          enter(options.deliveries, event, reservation, result, result.deliveries[index]);
        }
        return {
          kind: "accepted",
          eventId: event.id,
          deliveries: reservations.map(({ target, endpoint }) => ({
            deliveryId: target.deliveryId,
            endpointId: endpoint.id,
            created: true,
          })),
        };
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

  return {
    async publish(caller, input) {
      refuseBeyondQueue(caller.tenantSeq, input.payload.length);
      for (let tries = 0; tries < STALE_TRIES_MAX; tries += 1) {
        const looked = matching.find(caller.tenantSeq, input);
        const found = looked instanceof Promise ? await looked : looked;
        const result = await tryOnce(caller, input, found);
        if (result !== "stale") return result;
        matching.outdated(caller.tenantSeq, found.version);
      }
      throw new StoreUnavailable("the tenant's endpoints change faster than an event can be matched");
    },
    get queueSize() {
      return requests.size;
    },
    drained: () => requests.drained(),
  };
}

type Chosen =
  | {
      readonly kind: "chosen";
      readonly endpoints: readonly KnownEndpoint[];
      readonly disabled: readonly KnownEndpoint[];
    }
  | Extract<PublishAnswer, { kind: "unknownEndpoints" | "tooManyTargets" }>;

const NONE: readonly KnownEndpoint[] = [];

/** Only named endpoints can be DISABLED: an event is matched with none of those. */
function choose({ count, endpoints, unknown }: Found): Chosen {
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

function eventOf(clock: Clock, caller: Caller, input: PublishInput): Event {
  return {
    id: clock.uuid(),
    tenantId: caller.tenantId,
    type: input.type,
    payload: input.payload,
    acceptedAt: clock.now(),
    pauseId: null,
  };
}

interface Reservation {
  readonly endpoint: MatchedEndpoint;
  readonly target: PublishTarget;
  /** The lane in which a place is kept; null when it has none, and the delivery is to wait in the store. */
  readonly lane: Lane | null;
}

function reserve({ clock, deliveries, tokens }: PublisherOptions, endpoint: KnownEndpoint, event: Event): Reservation {
  const { lanePool } = deliveries;
  const lane = endpoint.status === "ACTIVE" ? laneOf(lanePool, endpoint) : null;
  const takes = lane !== null && deliveries.takesLeases && lanePool.reserve(lane, event.payload.length);
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

/** Null: nobody read how to send to it. */
function laneOf(lanePool: LanePool, { seq, destination }: KnownEndpoint): Lane | null {
  return destination === null ? (lanePool.get(seq) ?? null) : lanePool.open(destination);
}

function enter(
  deliveries: Deliveries,
  event: Event,
  { endpoint, target, lane }: Reservation,
  { createdAt }: { readonly createdAt: EpochMs },
  published: PublishedDelivery | undefined,
): void {
  if (published === undefined) return;
  if (!published.leased || lane === null || target.token === null) {
    if (endpoint.status === "ACTIVE")
      deliveries.claims.wake([{ endpointSeq: endpoint.seq, readyAt: event.acceptedAt }]);
    return;
  }
  const delivery: LeasedDelivery = {
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
  deliveries.admit(lane, delivery);
}

function idempotencyOf({ idempotencyKey, type, payload, endpointIds }: PublishInput): IdempotencyClaim | null {
  if (idempotencyKey === null) return null;
  const ids = endpointIds === null ? "*" : [...endpointIds].sort().join(",");
  return {
    surface: "events",
    keyHash: hash("sha256", idempotencyKey, "hex"),
    // Lengths first: no two different requests have one text.
    fingerprint: hash("sha256", `${type.length}:${type}${ids.length}:${ids}${payload}`, "hex"),
  };
}

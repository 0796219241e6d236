/** One tenant of a world: its endpoints and their deliveries. */
import assert from "node:assert/strict";
import type { Actor } from "../../../../src/domain/access/access.ts";
import type { LeasedDelivery } from "../../../../src/domain/delivery/delivery.ts";
import type { TraceContext } from "../../../../src/domain/delivery/trace-context.ts";
import { type Endpoint, type EndpointSettings, endpointDefaults } from "../../../../src/domain/endpoints/endpoint.ts";
import type { EpochMs, LeaseToken, Seq, Uuid } from "../../../../src/domain/ids.ts";
import type {
  AttemptRow,
  ClaimedLane,
  ClaimRequest,
  Cursor,
  DeliveryPage,
  DeliveryRow,
  EndpointView,
  EventView,
  LaneState,
  PatchEndpoint,
  PublishRequest,
  SettledResult,
  Settlement,
  Store,
  Wake,
} from "../../../../src/ports/store.ts";
import { START } from "../delivery/times.ts";
import type { Verdict } from "../delivery/verdicts.ts";

/** The part of a world that a tenant needs. */
export interface Ground {
  readonly store: Store;
  newId(): Uuid;
  /** Reserve `count` consecutive unused tokens, and return the first. */
  newTokens(count: number): LeaseToken;
}

/** A delivery that a case has, or had, a lease on. */
export type Held = Pick<LeasedDelivery, "seq" | "id" | "token" | "endpointSeq" | "attempts">;

export interface Sent {
  readonly eventId: Uuid;
  readonly eventSeq: Seq;
  /** In the order of the targets. */
  readonly deliveries: readonly (Held & { readonly leased: boolean })[];
}

export interface PublishOptions {
  readonly trace?: TraceContext;
  readonly now?: EpochMs;
  readonly type?: string;
  readonly payload?: string;
  /** Whether to request leases. */
  readonly lease?: boolean;
  readonly key?: { readonly name: string; readonly fingerprint?: string; readonly surface?: "events" | "pauses" };
  readonly named?: boolean;
  readonly namedDisabled?: readonly Endpoint[];
}

export interface SettleOptions {
  readonly at?: EpochMs;
  readonly tookMs?: number;
  readonly generation?: number;
  readonly attemptId?: Uuid;
  readonly number?: number;
}

export const ANY_DELIVERY = {
  state: null,
  endpointId: null,
  eventId: null,
  eventType: null,
  search: null,
  from: null,
  to: null,
};

export class Tenancy {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  /** The caller, as verbs take it. */
  readonly owner: { readonly actor: Actor; readonly tenantSeq: Seq };
  readonly #world: Ground;
  /** The generation of each endpoint when its attempts start, as an engine has it in memory. */
  readonly #generations = new Map<Seq, number>();

  constructor(world: Ground, actor: Actor) {
    this.#world = world;
    this.actor = actor;
    this.tenantSeq = actor.tenantSeq;
    this.owner = { actor, tenantSeq: actor.tenantSeq };
  }

  // ── Endpoints ─────────────────────────────────────────────────────────────────────────────────────────────────────

  async endpoint(settings: Partial<EndpointSettings> = {}, now: EpochMs = START): Promise<Endpoint> {
    const created = await this.#world.store.createEndpoint({
      ...this.owner,
      id: this.#world.newId(),
      settings: {
        ...endpointDefaults("endpoints"),
        name: "Endpoint",
        url: "https://example.com/hook",
        ...settings,
      },
      secret: "whsec_0123456789abcdef",
      createdThrough: "endpoints",
      now,
    });
    assert(created.kind === "created");
    this.#generations.set(created.endpoint.seq, created.endpoint.generation);
    return created.endpoint;
  }

  async patch(
    endpoint: Endpoint,
    change: Pick<PatchEndpoint, "settings" | "status" | "secret" | "disabledReason">,
    now: EpochMs,
  ): Promise<{ endpoint: Endpoint; lane: LaneState }> {
    const patched = await this.#world.store.patchEndpoint({ ...this.owner, id: endpoint.id, ...change, now });
    assert(patched !== null);
    this.#generations.set(endpoint.seq, patched.endpoint.generation);
    return patched;
  }

  async remove(endpoint: Endpoint, now: EpochMs): Promise<LaneState> {
    const lane = await this.#world.store.deleteEndpoint({ ...this.owner, id: endpoint.id, now });
    assert(lane !== null);
    return lane;
  }

  async view(endpoint: Endpoint): Promise<EndpointView> {
    const view = await this.#world.store.getEndpoint(this.tenantSeq, endpoint.id);
    assert(view !== null);
    return view;
  }

  // ── Events ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A request with the current version of the endpoints. */
  async request(targets: readonly Endpoint[], options: PublishOptions = {}): Promise<PublishRequest> {
    const world = this.#world;
    const { tenantSeq, actor } = this;
    const { version } = await world.store.matchTypes(tenantSeq, []);
    return {
      tenantSeq,
      event: {
        id: world.newId(),
        tenantId: actor.tenantId,
        type: options.type ?? "order.paid",
        payload: options.payload ?? "{}",
        acceptedAt: options.now ?? START,
        pauseId: null,
        ...(options.trace !== undefined && { trace: options.trace }),
      },
      endpointVersion: version,
      targets: targets.map((endpoint) => ({
        endpointSeq: endpoint.seq,
        deliveryId: world.newId(),
        format: endpoint.format,
        ordered: endpoint.ordered,
        token: options.lease === false ? null : world.newTokens(1),
      })),
      named: options.named ?? false,
      namedDisabled: (options.namedDisabled ?? []).map(({ seq }) => seq),
      idempotency: keyClaim(options.key),
    };
  }

  async publish(targets: readonly Endpoint[], options?: PublishOptions): Promise<Sent> {
    const asked = await this.request(targets, options);
    const [result] = await this.#world.store.publish([asked]);
    assert(result?.kind === "published", JSON.stringify(result));
    const deliveries = asked.targets.map(({ deliveryId, endpointSeq, token }, index) => {
      const made = result.deliveries[index];
      assert(made !== undefined);
      return { ...made, id: deliveryId, endpointSeq, token: token ?? 0, attempts: 0 };
    });
    return { eventId: asked.event.id, eventSeq: result.eventSeq, deliveries };
  }

  /** Publish one leased delivery to one endpoint. */
  async leased(endpoint: Endpoint, options?: PublishOptions): Promise<Held> {
    const [delivery] = (await this.publish([endpoint], options)).deliveries;
    assert(delivery?.leased);
    return delivery;
  }

  /** Publish `count` events, each with a leased delivery to one endpoint. */
  async leasedMany(endpoint: Endpoint, count: number, options?: PublishOptions): Promise<readonly Held[]> {
    const requests = await Promise.all(Array.from({ length: count }, () => this.request([endpoint], options)));
    const results = await this.#world.store.publish(requests);
    return results.map((result, index): Held => {
      const target = requests[index]?.targets[0];
      assert(result.kind === "published" && result.deliveries[0]?.leased && target !== undefined);
      const { seq } = result.deliveries[0];
      return { seq, id: target.deliveryId, endpointSeq: endpoint.seq, token: target.token ?? 0, attempts: 0 };
    });
  }

  /** Publish one delivery to one endpoint that waits in the store. */
  async waiting(endpoint: Endpoint, options?: PublishOptions): Promise<Held> {
    const [delivery] = (await this.publish([endpoint], { ...options, lease: false })).deliveries;
    assert(delivery?.leased === false);
    return delivery;
  }

  async event(id: Uuid): Promise<EventView> {
    const found = await this.#world.store.getEvent(this.tenantSeq, id);
    assert(found !== null);
    return found;
  }

  // ── Leases and attempts ───────────────────────────────────────────────────────────────────────────────────────────

  async claimLane(
    endpoint: Endpoint,
    now: EpochMs,
    { count = 1, ...limits }: Partial<ClaimRequest> & { count?: number } = {},
  ): Promise<ClaimedLane> {
    const { lanes } = await this.#world.store.claim(
      claimOf(this.#world, now, [{ endpointSeq: endpoint.seq, count, bytesMax: 1_000_000 }], limits),
    );
    const [lane] = lanes;
    assert(lane !== undefined);
    return lane;
  }

  async claim(endpoint: Endpoint, now: EpochMs, count = 1): Promise<readonly LeasedDelivery[]> {
    return (await this.claimLane(endpoint, now, { count })).deliveries;
  }

  /** Return leases. */
  release(deliveries: readonly Held[], now: EpochMs, disown: readonly Endpoint[] = []): Promise<readonly Wake[]> {
    const { tenantSeq } = this;
    const leases = deliveries.map(({ seq, token }) => ({ tenantSeq, deliverySeq: seq, token }));
    const lanes = disown.map(({ seq }) => ({ tenantSeq, endpointSeq: seq }));
    return this.#world.store.release({ now, leases, disown: lanes });
  }

  settlement(delivery: Held, { httpStatus, transition }: Verdict, options: SettleOptions = {}): Settlement {
    const at = options.at ?? START;
    return {
      tenantSeq: this.tenantSeq,
      deliverySeq: delivery.seq,
      token: delivery.token,
      endpointSeq: delivery.endpointSeq,
      generation: options.generation ?? this.#generations.get(delivery.endpointSeq) ?? 0,
      attempt: {
        id: options.attemptId ?? this.#world.newId(),
        number: options.number ?? delivery.attempts + 1,
        startedAt: at - (options.tookMs ?? 0),
        endedAt: at,
        httpStatus,
        snippet: httpStatus === null ? null : `answer ${httpStatus}`,
        errorDetail: httpStatus === null ? "no answer" : null,
        responseHeaders: httpStatus === null ? null : "server: x\n",
        timings: "12,1,3,8",
        url: "https://example.com/hook",
      },
      transition,
    };
  }

  async settle(delivery: Held, verdict: Verdict, options?: SettleOptions): Promise<SettledResult> {
    const [result] = await this.#world.store.settle([this.settlement(delivery, verdict, options)]);
    assert(result !== undefined && result.kind !== "broken", JSON.stringify(result));
    return result;
  }

  // ── Deliveries ────────────────────────────────────────────────────────────────────────────────────────────────────

  async find(id: Uuid): Promise<{ row: DeliveryRow; attempts: readonly AttemptRow[] }> {
    const found = await this.#world.store.getDelivery(this.tenantSeq, id);
    assert(found !== null);
    return found;
  }

  async row(id: Uuid): Promise<DeliveryRow> {
    return (await this.find(id)).row;
  }

  /** All deliveries of the tenant, newest first. */
  async all(): Promise<readonly DeliveryRow[]> {
    const rows: DeliveryRow[] = [];
    const every = { ...ANY_DELIVERY, tenantSeq: this.tenantSeq };
    let cursor: Cursor | null = null;
    do {
      const page: DeliveryPage = await this.#world.store.listDeliveries(every, cursor, 100);
      rows.push(...page.rows);
      cursor = page.next;
    } while (cursor !== null);
    return rows;
  }

  ofDelivery(id: Uuid, now: EpochMs): { actor: Actor; tenantSeq: Seq; id: Uuid; now: EpochMs } {
    return { ...this.owner, id, now };
  }
}

/** A claim for exactly these lanes. */
export function claimOf(
  world: Ground,
  now: EpochMs,
  lanes: ClaimRequest["lanes"],
  limits: Partial<ClaimRequest> = {},
): ClaimRequest {
  const deliveriesMax = limits.deliveriesMax ?? 1000;
  return {
    now,
    lanes,
    adopt: { lanesMax: 0, countEach: 0, exceptTenants: [] },
    bytesMax: 1_000_000,
    firstToken: world.newTokens(deliveriesMax),
    ...limits,
    deliveriesMax,
  };
}

export function keyClaim(key: PublishOptions["key"]): PublishRequest["idempotency"] {
  if (key === undefined) return null;
  const digest = (text: string) => Buffer.from(text).toString("hex").padEnd(64, "0").slice(0, 64);
  return {
    surface: key.surface ?? "events",
    keyHash: digest(key.name),
    fingerprint: digest(key.fingerprint ?? "the same"),
  };
}

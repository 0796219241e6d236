/** One tenant of a world: its endpoints and their deliveries. */
import assert from "node:assert/strict";
import type { Actor } from "../../../../src/domain/access/access.ts";
import type { LeasedDelivery } from "../../../../src/domain/delivery/delivery.ts";
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

export interface Tenancy {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  /** The caller, as verbs take it. */
  readonly owner: { readonly actor: Actor; readonly tenantSeq: Seq };
  endpoint(settings?: Partial<EndpointSettings>, now?: EpochMs): Promise<Endpoint>;
  patch(
    endpoint: Endpoint,
    change: Pick<PatchEndpoint, "settings" | "status" | "secret" | "disabledReason">,
    now: EpochMs,
  ): Promise<{ endpoint: Endpoint; lane: LaneState }>;
  remove(endpoint: Endpoint, now: EpochMs): Promise<LaneState>;
  view(endpoint: Endpoint): Promise<EndpointView>;
  /** A request with the current version of the endpoints. */
  request(targets: readonly Endpoint[], options?: PublishOptions): Promise<PublishRequest>;
  publish(targets: readonly Endpoint[], options?: PublishOptions): Promise<Sent>;
  /** Publish one leased delivery to one endpoint. */
  leased(endpoint: Endpoint, options?: PublishOptions): Promise<Held>;
  /** Publish `count` events, each with a leased delivery to one endpoint. */
  leasedMany(endpoint: Endpoint, count: number, options?: PublishOptions): Promise<readonly Held[]>;
  /** Publish one delivery to one endpoint that waits in the store. */
  waiting(endpoint: Endpoint, options?: PublishOptions): Promise<Held>;
  claimLane(
    endpoint: Endpoint,
    now: EpochMs,
    limits?: Partial<ClaimRequest> & { count?: number },
  ): Promise<ClaimedLane>;
  claim(endpoint: Endpoint, now: EpochMs, count?: number): Promise<readonly LeasedDelivery[]>;
  /** Return leases. */
  release(deliveries: readonly Held[], now: EpochMs, disown?: readonly Endpoint[]): Promise<readonly Wake[]>;
  settlement(delivery: Held, verdict: Verdict, options?: SettleOptions): Settlement;
  settle(delivery: Held, verdict: Verdict, options?: SettleOptions): Promise<SettledResult>;
  find(id: Uuid): Promise<{ row: DeliveryRow; attempts: readonly AttemptRow[] }>;
  row(id: Uuid): Promise<DeliveryRow>;
  event(id: Uuid): Promise<EventView>;
  /** All deliveries of the tenant, newest first. */
  all(): Promise<readonly DeliveryRow[]>;
  ofDelivery(id: Uuid, now: EpochMs): { actor: Actor; tenantSeq: Seq; id: Uuid; now: EpochMs };
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

export function createTenancy(world: Ground, actor: Actor): Tenancy {
  const { tenantSeq } = actor;
  /** The generation of each endpoint when its attempts start, as an engine has it in memory. */
  const generations = new Map<Seq, number>();

  async function request(targets: readonly Endpoint[], options: PublishOptions = {}): Promise<PublishRequest> {
    const { version } = await world.store.matchTypes(tenantSeq, []);
    const now = options.now ?? START;
    return {
      tenantSeq,
      event: {
        id: world.newId(),
        tenantId: actor.tenantId,
        type: options.type ?? "order.paid",
        payload: options.payload ?? "{}",
        acceptedAt: now,
        pauseId: null,
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

  const tenancy: Tenancy = {
    actor,
    tenantSeq,
    owner: { actor, tenantSeq },
    request,
    async endpoint(settings = {}, now = START) {
      const created = await world.store.createEndpoint({
        actor,
        tenantSeq,
        id: world.newId(),
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
      generations.set(created.endpoint.seq, created.endpoint.generation);
      return created.endpoint;
    },
    async patch(endpoint, change, now) {
      const patched = await world.store.patchEndpoint({ actor, tenantSeq, id: endpoint.id, ...change, now });
      assert(patched !== null);
      generations.set(endpoint.seq, patched.endpoint.generation);
      return patched;
    },
    async remove(endpoint, now) {
      const lane = await world.store.deleteEndpoint({ actor, tenantSeq, id: endpoint.id, now });
      assert(lane !== null);
      return lane;
    },
    async view(endpoint) {
      const view = await world.store.getEndpoint(tenantSeq, endpoint.id);
      assert(view !== null);
      return view;
    },
    async publish(targets, options) {
      const asked = await request(targets, options);
      const [result] = await world.store.publish([asked]);
      assert(result?.kind === "published", JSON.stringify(result));
      const deliveries = asked.targets.map(({ deliveryId, endpointSeq, token }, index) => {
        const made = result.deliveries[index];
        assert(made !== undefined);
        return { ...made, id: deliveryId, endpointSeq, token: token ?? 0, attempts: 0 };
      });
      return { eventId: asked.event.id, eventSeq: result.eventSeq, deliveries };
    },
    async leased(endpoint, options) {
      const [delivery] = (await tenancy.publish([endpoint], options)).deliveries;
      assert(delivery?.leased);
      return delivery;
    },
    async leasedMany(endpoint, count, options) {
      const requests = await Promise.all(Array.from({ length: count }, () => request([endpoint], options)));
      const results = await world.store.publish(requests);
      return results.map((result, index): Held => {
        const target = requests[index]?.targets[0];
        assert(result.kind === "published" && result.deliveries[0]?.leased && target !== undefined);
        const { seq } = result.deliveries[0];
        return { seq, id: target.deliveryId, endpointSeq: endpoint.seq, token: target.token ?? 0, attempts: 0 };
      });
    },
    async waiting(endpoint, options) {
      const [delivery] = (await tenancy.publish([endpoint], { ...options, lease: false })).deliveries;
      assert(delivery?.leased === false);
      return delivery;
    },
    async claimLane(endpoint, now, { count = 1, ...limits } = {}) {
      const { lanes } = await world.store.claim(
        claimOf(world, now, [{ endpointSeq: endpoint.seq, count, bytesMax: 1_000_000 }], limits),
      );
      const [lane] = lanes;
      assert(lane !== undefined);
      return lane;
    },
    async claim(endpoint, now, count = 1) {
      return (await tenancy.claimLane(endpoint, now, { count })).deliveries;
    },
    release(deliveries, now, disown = []) {
      const leases = deliveries.map(({ seq, token }) => ({ tenantSeq, deliverySeq: seq, token }));
      const lanes = disown.map(({ seq }) => ({ tenantSeq, endpointSeq: seq }));
      return world.store.release({ now, leases, disown: lanes });
    },
    settlement(delivery, { httpStatus, transition }, options = {}) {
      const at = options.at ?? START;
      return {
        tenantSeq,
        deliverySeq: delivery.seq,
        token: delivery.token,
        endpointSeq: delivery.endpointSeq,
        generation: options.generation ?? generations.get(delivery.endpointSeq) ?? 0,
        attempt: {
          id: options.attemptId ?? world.newId(),
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
    },
    async settle(delivery, verdict, options) {
      const [result] = await world.store.settle([tenancy.settlement(delivery, verdict, options)]);
      assert(result !== undefined && result.kind !== "broken", JSON.stringify(result));
      return result;
    },
    async find(id) {
      const found = await world.store.getDelivery(tenantSeq, id);
      assert(found !== null);
      return found;
    },
    row: async (id) => (await tenancy.find(id)).row,
    async event(id) {
      const found = await world.store.getEvent(tenantSeq, id);
      assert(found !== null);
      return found;
    },
    async all() {
      const rows: DeliveryRow[] = [];
      let cursor: Cursor | null = null;
      do {
        const page: DeliveryPage = await world.store.listDeliveries({ ...ANY_DELIVERY, tenantSeq }, cursor, 100);
        rows.push(...page.rows);
        cursor = page.next;
      } while (cursor !== null);
      return rows;
    },
    ofDelivery: (id, now) => ({ actor, tenantSeq, id, now }),
  };
  return tenancy;
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

/** The inbound requests of one tenant. */
import assert from "node:assert/strict";
import type { Endpoint } from "../../../../src/domain/endpoints/endpoint.ts";
import type { EpochMs, Uuid } from "../../../../src/domain/ids.ts";
import type { Source, SourceSettings } from "../../../../src/domain/inbound/source.ts";
import type {
  AuditRow,
  EventView,
  InboundFilter,
  InboundPage,
  InboundRecord,
  Receive,
  ReceiveResult,
  Refuse,
  Reprocess,
} from "../../../../src/ports/store.ts";
import {
  againOf,
  createSourceOf,
  filterOf,
  type Given,
  receiveOf,
  refuseOf,
  verifiedOf,
} from "../../../fixtures/inbound.ts";
import type { Tenancy } from "../access/tenancy.ts";
import { START } from "../delivery/times.ts";
import type { World } from "../world.ts";

export interface Receiving {
  source(settings?: Partial<SourceSettings>): Promise<Source>;
  request(source: Source, given?: Given): Receive;
  receive(request: Receive): Promise<ReceiveResult>;
  /** Receive a request for the first time. */
  take(source: Source, given?: Given): Promise<Receive>;
  /** Refuse a request to a source; null for an unknown source. */
  refuse(source: Source | null, given?: Given): Promise<Refuse>;
  again(source: Source, id: Uuid, now?: number): Reprocess;
  verified(source: Source, refused: Refuse, given?: Given): Reprocess;
  find(id: Uuid): Promise<InboundRecord>;
  isThere(id: Uuid): Promise<boolean>;
  list(filter?: Partial<InboundFilter>, offset?: number, limit?: number): Promise<InboundPage>;
  /** The tenant's audit entries about inbound requests, oldest first. */
  audit(): Promise<readonly (readonly [type: string, actor: string, data: AuditRow["data"], at: EpochMs])[]>;
  /** The events of an endpoint's deliveries, oldest first. */
  events(endpoint: Endpoint): Promise<readonly EventView[]>;
}

/** Source names are unique in an installation, and many cases share a store. */
let names = 0;

export function createReceiving(world: World, tenant: Tenancy): Receiving {
  const { actor, tenantSeq } = tenant;
  const ground = { newId: world.newId, now: START };
  const receiving: Receiving = {
    async source(settings = {}) {
      names += 1;
      const request = createSourceOf(ground, actor, { name: `sender ${names}`, ...settings });
      const created = await world.store.createSource(request);
      assert(created.kind === "created");
      return created.source;
    },
    request: (source, given) => receiveOf(ground, source, given),
    async receive(request) {
      const [result] = await world.store.receive([request]);
      return result ?? assert.fail();
    },
    async take(source, given) {
      const request = receiveOf(ground, source, given);
      assert.equal((await receiving.receive(request)).kind, "received");
      return request;
    },
    async refuse(source, given) {
      const request = refuseOf(ground, source, given);
      await world.store.refuse([request]);
      return request;
    },
    again: (source, id, now) => againOf(ground, actor, source, id, now),
    verified: (source, refused, given) => verifiedOf(ground, actor, source, refused, given),
    async find(id) {
      return (await world.store.getInbound(null, id)) ?? assert.fail(`no inbound event ${id}`);
    },
    isThere: async (id) => (await world.store.getInbound(null, id)) !== null,
    list: (filter, offset = 0, limit = 100) => world.store.listInbound(filterOf(tenantSeq, filter), offset, limit),
    async audit() {
      const filter = { tenantSeq, pauseId: null, type: null, from: null, to: null };
      const { rows } = await world.store.listAudit(filter, 0, 100);
      return rows
        .filter(({ type }) => type.startsWith("inbound."))
        .map(({ type, actor, data, createdAt }) => [type, actor, data, createdAt] as const)
        .toReversed();
    },
    async events(endpoint) {
      const rows = (await tenant.all()).filter(({ endpointId }) => endpointId === endpoint.id);
      return Promise.all(rows.map(({ eventId }) => tenant.event(eventId)).toReversed());
    },
  };
  return receiving;
}

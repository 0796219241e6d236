/** What the callers know about the simulated server: confirmed changes, and changes that may have happened. */

import type { Actor } from "../../src/domain/access/access.ts";
import type { EndpointStatus, Format } from "../../src/domain/endpoints/endpoint.ts";
import type { Seq, Uuid } from "../../src/domain/ids.ts";
import type { Caller } from "../../src/engine/access/caller.ts";
import { createInboundModel, type InboundModel } from "./inbound/inbound-model.ts";
import type { KnownPause, PauseRequest } from "./pauses/pause-model.ts";
import type { Uncertain } from "./uncertain.ts";

/** The server keeps idempotency keys for 72 hours. After clock jumps of this length, keys are no longer checked. */
export const KEYS_FORGOTTEN_MS = 70 * 3_600_000;

export type Standing = EndpointStatus | "DELETED";

export interface KnownEndpoint {
  readonly id: Uuid;
  readonly seq: Seq;
  readonly caller: Caller;
  readonly site: number;
  readonly format: Format;
  readonly eventTypes: readonly string[] | null;
  readonly ordered: boolean;
  readonly scheduleSeconds: readonly number[];
  readonly rateLimitPerSecond: number | null;
  readonly maxInFlight: Uncertain<number>;
  readonly urlVersion: Uncertain<number>;
  readonly secret: Uncertain<string>;
  readonly standing: Uncertain<Standing>;
  /** The number of requests to make it ACTIVE. */
  activations: number;
  /** The latest requested URL version. */
  lastUrlVersion: number;
}

export interface KnownEvent {
  readonly id: Uuid;
  readonly caller: Caller;
  readonly type: string;
  readonly payload: string;
  readonly deliveries: readonly { readonly deliveryId: Uuid; readonly endpointId: Uuid }[];
  /** When it was requested, or 0 if an earlier request may have published it, and when the 202 came. */
  readonly askedMs: number;
  readonly answeredMs: number;
}

export interface Model {
  readonly endpoints: KnownEndpoint[];
  readonly bySite: Map<number, KnownEndpoint>;
  /** Events that got a 202, by id. */
  readonly events: Map<Uuid, KnownEvent>;
  /** The payloads of all publish requests, by the number that they contain. */
  readonly payloads: string[];
  /** Deliveries with a confirmed cancellation and no later request to retry them, and when it was confirmed. */
  readonly cancelled: Map<Uuid, number>;
  /** Deliveries that a request tried to cancel, whatever the result. */
  readonly cancelAsked: Set<Uuid>;
  /** All requests to create a pause, by the number in their message. */
  readonly pauseRequests: PauseRequest[];
  /** Pauses that the server has returned. */
  readonly pauses: Map<Uuid, KnownPause>;
  readonly inbound: InboundModel;
  /** The sum of all forward jumps of the wall clock. */
  aheadMs: number;
}

export function createModel(): Model {
  return {
    endpoints: [],
    bySite: new Map(),
    events: new Map(),
    payloads: [],
    cancelled: new Map(),
    cancelAsked: new Set(),
    pauseRequests: [],
    pauses: new Map(),
    inbound: createInboundModel(),
    aheadMs: 0,
  };
}

export function isCertainlyListening({ standing }: KnownEndpoint): boolean {
  return standing.possible.every((status) => status === "ACTIVE" || status === "PAUSED");
}

export function isCertainlyOff({ standing }: KnownEndpoint): boolean {
  return standing.possible.every((status) => status === "DISABLED" || status === "DELETED");
}

/** Somebody who may do everything. */
export function callerOf(tenantSeq: number, tenantId: Uuid): Caller {
  const actor: Actor = { kind: "key", id: tenantId, role: "global_admin", tenantId, tenantSeq, test: false };
  return { actor, tenantId, tenantSeq };
}

/** An endpoint, and how many changes of its status had been requested. */
export interface ExpectedTarget {
  readonly endpoint: KnownEndpoint;
  readonly asked: number;
}

export function isUnchanged({ endpoint, asked }: ExpectedTarget): boolean {
  return endpoint.standing.asked === asked;
}

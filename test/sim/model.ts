/** What the callers know about the simulated server: confirmed changes, and changes that may have happened. */

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
}

export interface Model {
  readonly endpoints: KnownEndpoint[];
  readonly bySite: Map<number, KnownEndpoint>;
  /** Events that got a 202, by id. */
  readonly events: Map<Uuid, KnownEvent>;
  /** The payloads of all publish requests, by the number that they contain. */
  readonly payloads: string[];
  /** Deliveries with a confirmed cancellation and no later request to retry them. */
  readonly cancelled: Set<Uuid>;
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
    cancelled: new Set(),
    cancelAsked: new Set(),
    pauseRequests: [],
    pauses: new Map(),
    inbound: createInboundModel(),
    aheadMs: 0,
  };
}

/** The server confirmed that the endpoint is not active, and no later request may have activated it. */
export function isCertainlyHeld({ standing }: KnownEndpoint): boolean {
  return standing.possible.every((status) => status !== "ACTIVE");
}

export function isCertainlyListening({ standing }: KnownEndpoint): boolean {
  return standing.possible.every((status) => status === "ACTIVE" || status === "PAUSED");
}

export function isCertainlyOff({ standing }: KnownEndpoint): boolean {
  return standing.possible.every((status) => status === "DISABLED" || status === "DELETED");
}

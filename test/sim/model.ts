/** What the callers of the simulated server know: what was answered, and what is open because no answer came. */

import type { EndpointStatus, Format } from "../../src/domain/endpoints/endpoint.ts";
import type { Seq, Uuid } from "../../src/domain/ids.ts";
import type { Caller } from "../../src/engine/engine-types.ts";
import type { Belief } from "./belief.ts";
import { createInboundModel, type InboundModel } from "./inbound/inbound-model.ts";
import type { KnownPause, PauseAsk } from "./pauses/pause-model.ts";

/** Idempotency keys are remembered for 72 hours; once the clock was set ahead by so much, nothing is said of them. */
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
  readonly maxInFlight: Belief<number>;
  readonly urlVersion: Belief<number>;
  readonly secret: Belief<string>;
  readonly standing: Belief<Standing>;
  /** How often it was asked to become ACTIVE. */
  activations: number;
  /** The latest URL version asked for. */
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
  /** Events whose 202 was received, by id. */
  readonly events: Map<Uuid, KnownEvent>;
  /** Every payload that was asked to be published, by the number in it. */
  readonly payloads: string[];
  /** Deliveries whose cancelling was confirmed, and nothing that revives them was asked for since. */
  readonly cancelled: Set<Uuid>;
  /** Deliveries that were asked to be cancelled, whatever came of it. */
  readonly cancelAsked: Set<Uuid>;
  /** Every wish for a pause, by the number in its message. */
  readonly pauseAsks: PauseAsk[];
  /** Pauses that somebody was shown. */
  readonly pauses: Map<Uuid, KnownPause>;
  readonly inbound: InboundModel;
  /** How far the wall clock was set ahead, in all. */
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
    pauseAsks: [],
    pauses: new Map(),
    inbound: createInboundModel(),
    aheadMs: 0,
  };
}

/** It was confirmed that nothing is to be sent to it, and nobody asked for anything else since. */
export function isSurelyHeld({ standing }: KnownEndpoint): boolean {
  return standing.possible.every((status) => status !== "ACTIVE");
}

export function isSurelyListening({ standing }: KnownEndpoint): boolean {
  return standing.possible.every((status) => status === "ACTIVE" || status === "PAUSED");
}

export function isSurelyDeaf({ standing }: KnownEndpoint): boolean {
  return standing.possible.every((status) => status === "DISABLED" || status === "DELETED");
}

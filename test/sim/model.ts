/** What the callers of the simulated server know: what was answered, and what is open because no answer came. */

import type { EndpointStatus, Format } from "../../src/domain/endpoint.ts";
import type { Seq, Uuid } from "../../src/domain/ids.ts";
import type { Caller } from "../../src/engine/engine.ts";
import type { Fate } from "./fate.ts";
import type { KnownPause, PauseAsk } from "./pause-model.ts";

/** Idempotency keys are remembered for 72 hours; once the clock was set ahead by so much, nothing is said of them. */
export const KEYS_FORGOTTEN_MS = 70 * 3_600_000;

/** What something may be now. A change may have happened from when it was asked for on; once answered it has. */
export interface Belief<T> {
  readonly possible: readonly T[];
  /** How many changes were asked for. */
  readonly asked: number;
  /** Ask for a change; call the answer with what came of it. */
  change(value: T): (fate: Fate) => void;
  /** It was seen to be this. */
  see(value: T): void;
}

interface Possibility<T> {
  readonly value: T;
  /** When its fate was known; null while it is open. */
  knownAt: number | null;
}

export function createBelief<T>(value: T): Belief<T> {
  let time = 0;
  let asked = 0;
  let possibilities: Possibility<T>[] = [{ value, knownAt: 0 }];

  function change(next: T): (fate: Fate) => void {
    asked += 1;
    time += 1;
    const askedAt = time;
    const possibility: Possibility<T> = { value: next, knownAt: null };
    possibilities.push(possibility);
    return (fate) => {
      time += 1;
      possibility.knownAt = time;
      if (fate === "nothing") possibilities = possibilities.filter((other) => other !== possibility);
      if (fate !== "done") return;
      // What was settled before this was asked for is over; what was open beside it may have come after it.
      possibilities = possibilities.filter(
        (other) => other === possibility || other.knownAt === null || other.knownAt > askedAt,
      );
    };
  }

  return {
    get possible() {
      return possibilities.map((possibility) => possibility.value);
    },
    get asked() {
      return asked;
    },
    change,
    see: (seen) => change(seen)("done"),
  };
}

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

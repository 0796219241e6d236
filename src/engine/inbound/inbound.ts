/** Inbound webhooks, put together. */
import type { Clock } from "../../ports/clock.ts";
import type { Store } from "../../ports/store.ts";
import type { Claims } from "../delivery/claims.ts";
import type { Outage } from "../upkeep/outage.ts";
import type { InboundService } from "./inbound-service.ts";
import { createKnownSources } from "./known-sources.ts";
import { createReceiving } from "./receiving.ts";
import { createRecords } from "./records.ts";
import { createRefusals } from "./refusals.ts";
import { createSources } from "./sources.ts";

export interface Inbound extends InboundService {
  /** Another process changed something: forget what is cached. */
  forget(): void;
  drained(): Promise<void>;
}

export interface InboundOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly outage: Outage;
  readonly claims: Pick<Claims, "wake">;
  readonly publicUrl: () => string;
  readonly isOpen: () => boolean;
}

export function createInbound({ clock, store, outage, claims, publicUrl, isOpen }: InboundOptions): Inbound {
  const sources = createKnownSources(store);
  const refusals = createRefusals(clock);
  const receiving = createReceiving({ clock, store, outage, claims, sources, refusals, isOpen });
  return {
    ...createRecords({ clock, store, outage, claims, sources, publicUrl }),
    sources: createSources(store, clock, sources),
    mayTry: refusals.mayTry,
    countFailure: (address) => void refusals.failed(address, 0),
    receivePauseStatus: receiving.pauseStatus,
    receiveAny: receiving.atSource,
    forget: sources.forget,
    drained: receiving.drained,
  };
}

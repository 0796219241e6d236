/** Inbound webhooks, assembled from their parts. */
import type { Clock } from "../../ports/clock.ts";
import type { Store } from "../../ports/store.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import type { Claims } from "../delivery/claims.ts";
import type { Streams } from "../history/streams.ts";
import type { TenantActivity } from "../scheduling/tenant-activity.ts";
import type { Outage } from "../upkeep/outage.ts";
import { InboundReceiver } from "./inbound-receiver.ts";
import type { InboundService } from "./inbound-types.ts";
import { KnownSources } from "./known-sources.ts";
import { Records } from "./records.ts";
import { RefusalLimits } from "./refusal-limits.ts";
import { createSources } from "./sources.ts";
import { tryOn } from "./trial.ts";

export interface Inbound extends InboundService {
  /** Another process changed something: drop what is cached. */
  forget(): void;
  drained(): Promise<void>;
}

export interface InboundOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly telemetry: Pick<Telemetry, "counted">;
  readonly outage: Outage;
  readonly activity: TenantActivity;
  readonly claims: Pick<Claims, "wake">;
  readonly streams: Pick<Streams, "announce">;
  readonly publicUrl: () => string;
  readonly isOpen: () => boolean;
}

export function createInbound(options: InboundOptions): Inbound {
  const { clock, store, telemetry, outage, claims, publicUrl } = options;
  const sources = new KnownSources(store);
  const refusals = new RefusalLimits(clock);
  const receiver = new InboundReceiver({ ...options, sources, refusals });
  const records = new Records({ clock, store, telemetry, outage, claims, sources, publicUrl });
  return {
    sources: createSources(store, clock, sources),
    mayTry(address, bodyBytes) {
      const mayTry = refusals.mayTry(address, bodyBytes);
      if (!mayTry) telemetry.counted({ what: "inbound", outcome: "limited" });
      return mayTry;
    },
    countFailure: (address) => void refusals.countFailure(address, 0),
    receivePauseStatus: (request) => receiver.receivePauseStatus(request),
    receiveAny: (sourceId, request) => receiver.receiveAny(sourceId, request),
    list: (caller, filter, offset, limit) => records.list(caller, filter, offset, limit),
    sumRefused: (caller, from) => records.sumRefused(caller, from),
    count: (caller, span) => records.count(caller, span),
    tryOn: (caller, sourceId, trial) => tryOn({ clock, store, outage, publicUrl }, caller, sourceId, trial),
    get: (caller, id) => records.get(caller, id),
    find: (caller, id) => records.find(caller, id),
    reprocess: (caller, id, notes) => records.reprocess(caller, id, notes),
    reprocessSource: (caller, sourceId, after) => records.reprocessSource(caller, sourceId, after),
    note: (caller, id, notes) => records.note(caller, id, notes),
    remove: (caller, id) => records.remove(caller, id),
    originOf: (caller, eventId) => records.originOf(caller, eventId),
    forget: () => sources.forget(),
    drained: () => receiver.drained(),
  };
}

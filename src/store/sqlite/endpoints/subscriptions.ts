/**
 * Which endpoints an event of Signalbox's own goes to, remembered for as long as the tenant's endpoints stay as they
 * are: reading a hundred of them took 110 µs of each inbound request, and everything else that it writes takes 60.
 */
import { LRUCache } from "lru-cache";
import type { MatchedEndpoint } from "../../../domain/endpoints/endpoint.ts";
import type { Seq } from "../../../domain/ids.ts";
import type { Connection } from "../connection.ts";
import { endpointVersion, firstMatching } from "./endpoint-filters.ts";

export interface Subscriptions {
  /** At most `EVENT_TARGETS_MAX`, in creation order. */
  targets(tenantSeq: Seq, type: string): readonly MatchedEndpoint[];
  clear(): void;
}

interface OfType {
  readonly version: number;
  readonly targets: readonly MatchedEndpoint[];
}

/** Endpoints remembered over all tenants and types: some 20 MB. */
const ENDPOINTS_MAX = 100_000;

export function createSubscriptions(connection: Connection): Subscriptions {
  const remembered = new LRUCache<string, OfType>({
    maxSize: ENDPOINTS_MAX,
    sizeCalculation: ({ targets }) => 1 + targets.length,
  });

  return {
    targets(tenantSeq, type) {
      // Compared each time: the version is raised by every change, in whatever verb.
      const version = endpointVersion(connection, tenantSeq);
      const key = `${tenantSeq} ${type}`;
      const known = remembered.get(key);
      if (known?.version === version) return known.targets;
      const targets = firstMatching(connection, tenantSeq, type);
      remembered.set(key, { version, targets });
      return targets;
    },
    clear: () => remembered.clear(),
  };
}

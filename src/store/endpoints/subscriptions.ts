/**
 * Caches which endpoints an event of Signalbox's own goes to, until the tenant's endpoints change. Without the cache,
 * an inbound request took 110 µs to read a hundred endpoints, and 60 µs for everything else that it writes.
 */
import { LRUCache } from "lru-cache";
import type { MatchedEndpoint } from "../../domain/endpoints/endpoint.ts";
import type { Seq } from "../../domain/ids.ts";
import type { Connection } from "../connection.ts";
import { endpointVersion, firstMatching } from "./endpoint-filters.ts";

interface OfType {
  readonly version: number;
  readonly targets: readonly MatchedEndpoint[];
}

/** The limit of the cache, over all tenants and types: about 20 MB. */
const ENDPOINTS_MAX = 100_000;

export class Subscriptions {
  readonly #connection: Connection;
  readonly #remembered = new LRUCache<string, OfType>({
    maxSize: ENDPOINTS_MAX,
    sizeCalculation: ({ targets }) => 1 + targets.length,
  });

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** At most `EVENT_TARGETS_MAX`, in creation order. */
  targets(tenantSeq: Seq, type: string): readonly MatchedEndpoint[] {
    // Compared each time: every verb that changes an endpoint raises the version.
    const version = endpointVersion(this.#connection, tenantSeq);
    const key = `${tenantSeq} ${type}`;
    const known = this.#remembered.get(key);
    if (known?.version === version) return known.targets;
    const targets = firstMatching(this.#connection, tenantSeq, type);
    this.#remembered.set(key, { version, targets });
    return targets;
  }

  clear(): void {
    this.#remembered.clear();
  }
}

/**
 * Which endpoints a tenant's events go to, cached until one of the tenant's endpoints changes.
 *
 * The cache is filled one event type at a time. No list of all endpoints is read or kept, so a tenant with a million
 * filters costs no more than a tenant with ten.
 */
import { LRUCache } from "lru-cache";
import type { Seq } from "../../domain/ids.ts";
import {
  DESTINATIONS_PER_READ_COUNT_MAX,
  ENDPOINT_CACHE_BYTES_MAX,
  ENDPOINT_CACHE_BYTES_PER_TENANT_MAX,
  PUBLISH_SLICE_ROWS,
  TYPES_PER_READ_COUNT_MAX,
} from "../../domain/limits.ts";
import type { Store } from "../../ports/store.ts";
import { nextTurn } from "../scheduling/turns.ts";
import { type KnownEndpoint, KnownEndpoints, type MatchedEndpoints, type MatchQuery } from "./known-endpoints.ts";

type MatchingStore = Pick<Store, "matchTypes" | "findEndpoints" | "loadDestinations">;

export interface MatchingLimits {
  readonly bytesMax: number;
  readonly bytesPerTenantMax: number;
}

const LIMITS: MatchingLimits = {
  bytesMax: ENDPOINT_CACHE_BYTES_MAX,
  bytesPerTenantMax: ENDPOINT_CACHE_BYTES_PER_TENANT_MAX,
};

/** A publish that waits for a lookup. */
interface Waiting {
  readonly query: MatchQuery;
  readonly resolve: (found: MatchedEndpoints) => void;
  readonly reject: (error: unknown) => void;
}

/** A tenant's waiting publishes in order of arrival. One lookup runs at a time, which leaves the store to other tenants. */
interface WaitingLine {
  readonly publishes: Waiting[];
  /** The endpoints changed during the lookup, so its result is used for this publish but not cached. */
  isOutdated: boolean;
}

/** What one read from the store found. */
interface Lookup {
  readonly known: KnownEndpoints;
  readonly found: MatchedEndpoints;
  /** All endpoints that were read, including those of other waiting publishes. */
  readonly endpoints: readonly KnownEndpoint[];
}

export class Matching {
  readonly #store: MatchingStore;
  readonly #bytesPerTenantMax: number;
  readonly #cache: LRUCache<Seq, KnownEndpoints>;
  readonly #lines = new Map<Seq, WaitingLine>();

  constructor(store: MatchingStore, { bytesMax, bytesPerTenantMax } = LIMITS) {
    this.#store = store;
    this.#bytesPerTenantMax = bytesPerTenantMax;
    this.#cache = new LRUCache({ maxSize: bytesMax });
  }

  /**
   * The endpoints of one publish.
   *
   * The result is synchronous if it is cached and no other publish of the tenant waits; publishes keep their order. The
   * result may be outdated: the publishing transaction compares its version.
   */
  find(tenantSeq: Seq, query: MatchQuery): MatchedEndpoints | Promise<MatchedEndpoints> {
    if (this.#lines.has(tenantSeq)) return this.#wait(tenantSeq, query);
    const known = this.#cache.get(tenantSeq);
    const found = known?.find(query) ?? null;
    if (known === undefined || found === null) return this.#wait(tenantSeq, query);
    // Not awaited: without its destination, an endpoint's deliveries wait in the store and are claimed.
    if (this.#needsDestinations(known, found.endpoints)) {
      this.#readDestinations(tenantSeq, known, found.endpoints).catch(() => undefined);
    }
    return found;
  }

  /** One of the tenant's endpoints changed. */
  changed(tenantSeq: Seq): void {
    this.#cache.delete(tenantSeq);
    const line = this.#lines.get(tenantSeq);
    if (line !== undefined) line.isOutdated = true;
  }

  /** The store no longer has this version of the tenant's endpoints. */
  outdated(tenantSeq: Seq, version: number): void {
    if (this.#cache.peek(tenantSeq)?.version === version) this.#cache.delete(tenantSeq);
  }

  /** Endpoints of any tenant may have changed. */
  clear(): void {
    this.#cache.clear();
    for (const line of this.#lines.values()) line.isOutdated = true;
  }

  #wait(tenantSeq: Seq, query: MatchQuery): Promise<MatchedEndpoints> {
    return new Promise((resolve, reject) => {
      const publish: Waiting = { query, resolve, reject };
      const line = this.#lines.get(tenantSeq);
      if (line !== undefined) {
        line.publishes.push(publish);
        return;
      }
      const started: WaitingLine = { publishes: [publish], isOutdated: false };
      this.#lines.set(tenantSeq, started);
      void this.#serve(tenantSeq, started);
    });
  }

  async #serve(tenantSeq: Seq, line: WaitingLine): Promise<void> {
    let rows = 0;
    for (let first = line.publishes[0]; first !== undefined; first = line.publishes[0]) {
      if (rows >= PUBLISH_SLICE_ROWS) {
        await nextTurn();
        rows = 0;
      }
      try {
        const cached = this.#cache.get(tenantSeq)?.find(first.query) ?? null;
        const found = cached ?? (await this.#lookUp(tenantSeq, line, first.query));
        rows += 1 + found.endpoints.length;
        first.resolve(found);
      } catch (error) {
        first.reject(error);
      }
      line.publishes.shift();
    }
    this.#lines.delete(tenantSeq);
  }

  async #lookUp(tenantSeq: Seq, line: WaitingLine, query: MatchQuery): Promise<MatchedEndpoints> {
    line.isOutdated = false;
    const { known, found, endpoints } = await (query.endpointIds === null
      ? this.#lookUpTypes(tenantSeq, line, query)
      : this.#lookUpNamed(tenantSeq, query));
    if (!line.isOutdated) this.#keep(tenantSeq, known);
    if (this.#needsDestinations(known, endpoints)) await this.#readDestinations(tenantSeq, known, endpoints);
    return found;
  }

  /** Look up the type of the first publish in the line, and the types of others behind it. */
  async #lookUpTypes(tenantSeq: Seq, line: WaitingLine, { type }: MatchQuery): Promise<Lookup> {
    const types = new Set([type]);
    for (const { query } of line.publishes) {
      if (types.size >= TYPES_PER_READ_COUNT_MAX) break;
      if (query.endpointIds === null) types.add(query.type);
    }
    const requested = [...types].filter((each) => this.#cache.peek(tenantSeq)?.hasType(each) !== true);
    const { version, found: matches } = await this.#store.matchTypes(tenantSeq, requested);
    const known = this.#ofVersion(tenantSeq, version);
    const found = matches.map((match, index) => known.addMatch(requested[index] as string, match));
    return { known, found: found[0] as MatchedEndpoints, endpoints: found.flatMap(({ endpoints }) => endpoints) };
  }

  async #lookUpNamed(tenantSeq: Seq, { endpointIds }: MatchQuery): Promise<Lookup> {
    const ids = endpointIds ?? [];
    // Reads cached ids again, because the cache may hold another version.
    const { version, found: endpoints } = await this.#store.findEndpoints(tenantSeq, ids);
    const known = this.#ofVersion(tenantSeq, version);
    const found = known.addNamed(ids, endpoints);
    return { known, found, endpoints: found.endpoints };
  }

  #ofVersion(tenantSeq: Seq, version: number): KnownEndpoints {
    const known = this.#cache.peek(tenantSeq);
    return known?.version === version ? known : new KnownEndpoints(version);
  }

  #keep(tenantSeq: Seq, known: KnownEndpoints): void {
    this.#cache.delete(tenantSeq); // its size has grown
    // A tenant that exceeds its share starts with an empty cache, so that it takes nothing from other tenants.
    if (known.bytes <= this.#bytesPerTenantMax) this.#cache.set(tenantSeq, known, { size: known.bytes });
  }

  /** Destinations may take half of the tenant's share. The rest is for types. */
  #needsDestinations({ isReading, bytes }: KnownEndpoints, endpoints: readonly KnownEndpoint[]): boolean {
    return !isReading && bytes < this.#bytesPerTenantMax / 2 && endpoints.some(needsDestination);
  }

  /** Read some of these endpoints' destinations, so that publishes to them lease their deliveries directly. */
  async #readDestinations(tenantSeq: Seq, known: KnownEndpoints, endpoints: readonly KnownEndpoint[]): Promise<void> {
    const requested = endpoints.filter(needsDestination).slice(0, DESTINATIONS_PER_READ_COUNT_MAX);
    for (const endpoint of requested) endpoint.isRequested = true;
    known.isReading = true;
    try {
      const seqs = requested.map(({ seq }) => seq);
      const { version, found } = await this.#store.loadDestinations(tenantSeq, seqs);
      if (version === known.version) known.addDestinations(found);
    } finally {
      known.isReading = false;
    }
    if (this.#cache.peek(tenantSeq) === known) this.#keep(tenantSeq, known);
  }
}

/** Only ACTIVE endpoints are sent anything. */
function needsDestination({ isRequested, status }: KnownEndpoint): boolean {
  return !isRequested && status === "ACTIVE";
}

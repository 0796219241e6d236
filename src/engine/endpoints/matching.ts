/**
 * Which endpoints a tenant's events go to, remembered until one of its endpoints changes.
 *
 * What is not known is looked up in the store, for one event type after the other: no list of all endpoints is read or
 * kept, so a tenant with a million filters costs no more than one with ten.
 */
import { LRUCache } from "lru-cache";
import type { Seq, Uuid } from "../../domain/ids.ts";
import {
  DESTINATIONS_PER_READ_COUNT_MAX,
  ENDPOINT_CACHE_BYTES_MAX,
  ENDPOINT_CACHE_BYTES_PER_TENANT_MAX,
  PUBLISH_SLICE_ROWS,
  TYPES_PER_READ_COUNT_MAX,
} from "../../domain/limits.ts";
import type { Store } from "../../ports/store.ts";
import { nextTurn } from "../scheduling/turns.ts";
import {
  addDestinations,
  addEndpoints,
  addMatch,
  type Found,
  type KnownEndpoint,
  type KnownEndpoints,
  knownByName,
  newKnown,
} from "./known-endpoints.ts";

export interface Wanted {
  readonly type: string;
  /** Null: all endpoints whose filters let the type pass. */
  readonly endpointIds: readonly Uuid[] | null;
}

export interface Matching {
  /**
   * The endpoints of one publish: at once when they are known and no other publish of the tenant waits, so that
   * publishes go on in the order in which they came.
   *
   * What is found may be out of date; the publishing transaction compares the version.
   */
  find(tenantSeq: Seq, wanted: Wanted): Found | Promise<Found>;
  /** One of the tenant's endpoints was changed. */
  changed(tenantSeq: Seq): void;
  /** The store no longer has this version of the tenant's endpoints. */
  outdated(tenantSeq: Seq, version: number): void;
  clear(): void;
}

type MatchingStore = Pick<Store, "matchTypes" | "findEndpoints" | "loadDestinations">;

interface Waiting {
  readonly wanted: Wanted;
  readonly resolve: (found: Found) => void;
  readonly reject: (error: unknown) => void;
}

/** A tenant's publishes that wait for a look-up, in order. One look-up runs at a time, to leave room for other tenants'. */
interface Line {
  readonly waiting: Waiting[];
  /** The endpoints changed during the look-up: good enough for this one publish, but not to keep. */
  changed: boolean;
}

export interface MatchingBounds {
  readonly bytesMax: number;
  readonly bytesPerTenantMax: number;
}

const BOUNDS: MatchingBounds = {
  bytesMax: ENDPOINT_CACHE_BYTES_MAX,
  bytesPerTenantMax: ENDPOINT_CACHE_BYTES_PER_TENANT_MAX,
};

export function createMatching(store: MatchingStore, { bytesMax, bytesPerTenantMax } = BOUNDS): Matching {
  const tenants = new LRUCache<Seq, KnownEndpoints>({ maxSize: bytesMax });
  const lines = new Map<Seq, Line>();

  function stand(tenantSeq: Seq, wanted: Wanted): Promise<Found> {
    return new Promise((resolve, reject) => {
      const line = lines.get(tenantSeq);
      if (line !== undefined) {
        line.waiting.push({ wanted, resolve, reject });
        return;
      }
      const started: Line = { waiting: [{ wanted, resolve, reject }], changed: false };
      lines.set(tenantSeq, started);
      void serve(tenantSeq, started);
    });
  }

  async function serve(tenantSeq: Seq, line: Line): Promise<void> {
    let rows = 0;
    for (let first = line.waiting[0]; first !== undefined; first = line.waiting[0]) {
      if (rows >= PUBLISH_SLICE_ROWS) {
        await nextTurn();
        rows = 0;
      }
      try {
        const found = lookIn(tenants.get(tenantSeq), first.wanted) ?? (await lookUp(tenantSeq, line, first.wanted));
        rows += 1 + found.endpoints.length;
        first.resolve(found);
      } catch (error) {
        first.reject(error);
      }
      line.waiting.shift();
    }
    lines.delete(tenantSeq);
  }

  async function lookUp(tenantSeq: Seq, line: Line, wanted: Wanted): Promise<Found> {
    line.changed = false;
    const look = wanted.endpointIds === null ? lookUpTypes : lookUpNamed;
    const { known, found, endpoints } = await look(tenantSeq, line, wanted);
    if (!line.changed) keep(tenantSeq, known);
    if (wantsMore(known, endpoints)) await askFor(tenantSeq, known, endpoints);
    return found;
  }

  /** The first type of the line, and others that wait with it. */
  async function lookUpTypes(tenantSeq: Seq, line: Line, { type }: Wanted) {
    const types = new Set([type]);
    for (const { wanted } of line.waiting) {
      if (types.size >= TYPES_PER_READ_COUNT_MAX) break;
      if (wanted.endpointIds === null) types.add(wanted.type);
    }
    const asked = [...types].filter((each) => tenants.peek(tenantSeq)?.byType.has(each) !== true);
    const { version, found: matches } = await store.matchTypes(tenantSeq, asked);
    const known = ofVersion(tenantSeq, version);
    const found = matches.map((match, index) => addMatch(known, asked[index] as string, match));
    return { known, found: found[0] as Found, endpoints: found.flatMap(({ endpoints }) => endpoints) };
  }

  async function lookUpNamed(tenantSeq: Seq, _line: Line, { endpointIds }: Wanted) {
    const ids = endpointIds ?? [];
    // All of them: those that are known may be of another version than what is read now.
    const { version, found: endpoints } = await store.findEndpoints(tenantSeq, ids);
    const known = ofVersion(tenantSeq, version);
    addEndpoints(known, endpoints);
    const named = ids.flatMap((id) => known.byId.get(id) ?? []);
    const unknown = ids.filter((id) => !known.byId.has(id));
    return { known, found: { version, count: named.length, endpoints: named, unknown }, endpoints: named };
  }

  function ofVersion(tenantSeq: Seq, version: number): KnownEndpoints {
    const known = tenants.peek(tenantSeq);
    return known?.version === version ? known : newKnown(version);
  }

  function keep(tenantSeq: Seq, known: KnownEndpoints): void {
    tenants.delete(tenantSeq); // its size has grown
    // A tenant that is beyond its share begins anew, and takes nothing from the others.
    if (known.bytes <= bytesPerTenantMax) tenants.set(tenantSeq, known, { size: known.bytes });
  }

  /** Whether to read how to send to some of these endpoints: up to half of the tenant's bytes, the rest is for types. */
  function wantsMore({ asking, bytes }: KnownEndpoints, endpoints: readonly KnownEndpoint[]): boolean {
    return !asking && bytes < bytesPerTenantMax / 2 && !endpoints.every(needsNothing);
  }

  /** Read how to send to some of these endpoints, so that publishing leases directly what it publishes to them. */
  async function askFor(tenantSeq: Seq, known: KnownEndpoints, endpoints: readonly KnownEndpoint[]): Promise<void> {
    const asked = endpoints.filter((endpoint) => !needsNothing(endpoint)).slice(0, DESTINATIONS_PER_READ_COUNT_MAX);
    for (const endpoint of asked) endpoint.asked = true;
    known.asking = true;
    try {
      const seqs = asked.map(({ seq }) => seq);
      const { version, found } = await store.loadDestinations(tenantSeq, seqs);
      if (version === known.version) addDestinations(known, found);
    } finally {
      known.asking = false;
    }
    if (tenants.peek(tenantSeq) === known) keep(tenantSeq, known);
  }

  return {
    find(tenantSeq, wanted) {
      if (lines.has(tenantSeq)) return stand(tenantSeq, wanted);
      const known = tenants.get(tenantSeq);
      const found = lookIn(known, wanted);
      if (known === undefined || found === null) return stand(tenantSeq, wanted);
      // Not waited for: until it is read, or when it cannot be, what is published waits in the store and is claimed.
      if (wantsMore(known, found.endpoints)) askFor(tenantSeq, known, found.endpoints).catch(() => undefined);
      return found;
    },
    changed(tenantSeq) {
      tenants.delete(tenantSeq);
      const line = lines.get(tenantSeq);
      if (line !== undefined) line.changed = true;
    },
    outdated(tenantSeq, version) {
      if (tenants.peek(tenantSeq)?.version === version) tenants.delete(tenantSeq);
    },
    clear() {
      tenants.clear();
      for (const line of lines.values()) line.changed = true;
    },
  };
}

function lookIn(known: KnownEndpoints | undefined, { type, endpointIds }: Wanted): Found | null {
  if (known === undefined) return null;
  return endpointIds === null ? (known.byType.get(type) ?? null) : knownByName(known, endpointIds);
}

/** A PAUSED or DISABLED endpoint is sent nothing. */
function needsNothing({ asked, status }: KnownEndpoint): boolean {
  return asked || status !== "ACTIVE";
}

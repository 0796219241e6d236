/** Each tenant's endpoints, for matching events without asking the store. */
import { LRUCache } from "lru-cache";
import type { Endpoint } from "../domain/endpoint.ts";
import type { Seq, Uuid } from "../domain/ids.ts";
import { ENDPOINT_CACHE_BYTES_MAX } from "../domain/limits.ts";
import type { Store, TenantEndpoints } from "../ports/store.ts";

export interface MatchList extends TenantEndpoints {
  readonly byId: ReadonlyMap<Uuid, Endpoint>;
}

export interface EndpointCache {
  /** What is cached, or a promise of it; a stale list is found out by the publishing transaction. */
  get(tenantSeq: Seq): MatchList | Promise<MatchList>;
  drop(tenantSeq: Seq): void;
  clear(): void;
}

/** What an endpoint without long texts takes in memory, roughly. */
const ENDPOINT_BYTES = 1000;

export function createEndpointCache(store: Store): EndpointCache {
  const lists = new LRUCache<Seq, MatchList>({
    maxSize: ENDPOINT_CACHE_BYTES_MAX,
    sizeCalculation: ({ endpoints }) => endpoints.reduce((sum, endpoint) => sum + sizeOf(endpoint), ENDPOINT_BYTES),
  });
  const loading = new Map<Seq, Promise<MatchList>>();

  async function load(tenantSeq: Seq): Promise<MatchList> {
    const loaded = await store.loadEndpoints(tenantSeq);
    return { ...loaded, byId: new Map(loaded.endpoints.map((endpoint) => [endpoint.id, endpoint])) };
  }

  function start(tenantSeq: Seq): Promise<MatchList> {
    const promise = load(tenantSeq).then((list) => {
      // Dropped while it was loading: good enough for this one publish, which compares versions, but not to keep.
      if (loading.get(tenantSeq) === promise) lists.set(tenantSeq, list);
      return list;
    });
    loading.set(tenantSeq, promise);
    const done = () => {
      if (loading.get(tenantSeq) === promise) loading.delete(tenantSeq);
    };
    promise.then(done, done);
    return promise;
  }

  return {
    get(tenantSeq) {
      const cached = lists.get(tenantSeq);
      if (cached !== undefined) return cached;
      return loading.get(tenantSeq) ?? start(tenantSeq);
    },
    drop(tenantSeq) {
      lists.delete(tenantSeq);
      loading.delete(tenantSeq);
    },
    clear() {
      lists.clear();
      loading.clear();
    },
  };
}

function sizeOf(endpoint: Endpoint): number {
  const headers = Object.entries(endpoint.headers).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  return ENDPOINT_BYTES + endpoint.url.length + (endpoint.description?.length ?? 0) + headers;
}

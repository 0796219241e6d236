/** Sources as requests name them, kept in memory: each request would ask the store otherwise. */
import { LRUCache } from "lru-cache";
import type { Uuid } from "../../domain/ids.ts";
import type { Source } from "../../domain/inbound/source.ts";
import { KNOWN_SOURCES_COUNT_MAX } from "../../domain/limits.ts";
import type { Store } from "../../ports/store.ts";

export interface KnownSources {
  byId(id: Uuid): Promise<Source | null>;
  byName(name: string): Promise<Source | null>;
  /** One was changed. */
  forget(): void;
}

export function createKnownSources(store: Store): KnownSources {
  const known = new LRUCache<string, Source>({ max: KNOWN_SOURCES_COUNT_MAX });
  let changes = 0;

  async function find(key: string, by: Parameters<Store["findSource"]>[0]): Promise<Source | null> {
    const present = known.get(key);
    if (present !== undefined) return present;
    const changesBefore = changes;
    const source = await store.findSource(by);
    // Changed while it was being read: good enough for this one request, but not to keep.
    if (source !== null && changes === changesBefore) known.set(key, source);
    return source;
  }

  return {
    byId: (id) => find(`id ${id}`, { id }),
    byName: (name) => find(`name ${name}`, { name }),
    forget() {
      changes += 1;
      known.clear();
    },
  };
}

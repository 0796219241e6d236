/** Sources by the ID or name in a request, cached in memory so that a request does not have to ask the store. */
import { LRUCache } from "lru-cache";
import type { Uuid } from "../../domain/ids.ts";
import type { Source } from "../../domain/inbound/source.ts";
import { entriesMax, KNOWN_SOURCES_COUNT_MAX } from "../../domain/limits.ts";
import type { Store } from "../../ports/store.ts";

export class KnownSources {
  readonly #store: Pick<Store, "findSource">;
  readonly #cache = new LRUCache<string, Source>(entriesMax(KNOWN_SOURCES_COUNT_MAX));
  #changes = 0;

  constructor(store: Pick<Store, "findSource">) {
    this.#store = store;
  }

  byId(id: Uuid): Promise<Source | null> {
    return this.#find(`id ${id}`, { id });
  }

  byName(name: string): Promise<Source | null> {
    return this.#find(`name ${name}`, { name });
  }

  /** A source changed. */
  forget(): void {
    this.#changes += 1;
    this.#cache.clear();
  }

  async #find(key: string, by: Parameters<Store["findSource"]>[0]): Promise<Source | null> {
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const changesBefore = this.#changes;
    const source = await this.#store.findSource(by);
    // A source that changed in the meantime still serves this request, but is not cached.
    if (source !== null && this.#changes === changesBefore) this.#cache.set(key, source);
    return source;
  }
}

/** Sources: create, list, change, rotate and delete. */
import type { Source } from "../../domain/inbound/source.ts";
import type { Clock } from "../../ports/clock.ts";
import type { PatchSource, Store } from "../../ports/store.ts";
import type { SourceService } from "./inbound-types.ts";
import type { KnownSources } from "./known-sources.ts";

/** As long as the generated secret of an endpoint. */
const SECRET_BYTES = 32;

export function createSources(store: Store, clock: Clock, known: KnownSources): SourceService {
  const generate = (): string => `whsec_${clock.randomBase64(SECRET_BYTES)}`;

  async function change(request: Omit<PatchSource, "now">): ReturnType<Store["patchSource"]> {
    const result = await store.patchSource({ ...request, now: clock.now() });
    known.forget();
    return result;
  }

  return {
    async create({ actor, tenantSeq }, { settings, secret }) {
      const generatedSecret = secret === null && settings.scheme !== "none" ? generate() : null;
      const id = clock.uuid();
      const request = { actor, tenantSeq, id, settings, secret: secret ?? generatedSecret, now: clock.now() };
      const result = await store.createSource(request);
      return result.kind === "created" ? { ...result, generatedSecret } : result;
    },
    list: ({ tenantSeq }, cursor, limit) => store.listSources(tenantSeq, cursor, limit),
    get: ({ tenantSeq }, id) => store.getSource(tenantSeq, id),
    had: ({ tenantSeq }, id) => store.hadSource(tenantSeq, id),
    patch({ actor, tenantSeq }, id, { settings, secret }) {
      const replaced = secret === undefined ? {} : { secret: { value: secret, previousUntil: null } };
      return change({ actor, tenantSeq, id, settings, ...replaced });
    },
    async rotate({ actor, tenantSeq }, id, given, overlapSeconds) {
      const source: Source | null = await store.getSource(tenantSeq, id);
      if (source === null) return { kind: "unknown" };
      if (source.scheme === "none") return { kind: "noSecret" };
      const value = given ?? generate();
      const previousUntil = clock.now() + overlapSeconds * 1000;
      const result = await change({ actor, tenantSeq, id, settings: {}, secret: { value, previousUntil } });
      if (result.kind !== "patched") return { kind: "unknown" };
      return { kind: "rotated", generatedSecret: given === null ? value : null, previousUntil };
    },
    async remove({ actor, tenantSeq }, id) {
      const removed = await store.deleteSource({ actor, tenantSeq, id, now: clock.now() });
      known.forget();
      return removed;
    },
  };
}

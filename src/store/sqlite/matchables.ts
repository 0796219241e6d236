/**
 * Which endpoints an event of Signalbox's own goes to, remembered for as long as the tenant's endpoints stay as they
 * are: reading a hundred of them took 110 µs of each inbound request, and everything else that it writes takes 60.
 */
import { LRUCache } from "lru-cache";
import { matchEndpoints } from "../../domain/event.ts";
import type { Seq } from "../../domain/ids.ts";
import { EVENT_TARGETS_MAX } from "../../domain/limits.ts";
import type { Connection } from "./connection.ts";
import { type Matchable, tenantMatchables } from "./endpoint-rows.ts";
import { one } from "./reading.ts";

export interface Matchables {
  targets(tenantSeq: Seq, type: string): readonly Matchable[];
  clear(): void;
}

interface OfTenant {
  readonly version: number;
  readonly endpoints: readonly Matchable[];
  readonly byType: Map<string, readonly Matchable[]>;
}

/** Endpoints remembered over all tenants: some 20 MB. */
const ENDPOINTS_MAX = 100_000;
/** Types remembered of each tenant: a source sends few, and each takes as many words as endpoints match it. */
const TYPES_MAX = 16;

const VERSION = "SELECT endpoint_version FROM tenants WHERE seq = ?";

export function endpointVersion(connection: Connection, tenantSeq: Seq): number {
  return one<{ endpoint_version: number }>(connection, VERSION, tenantSeq)?.endpoint_version ?? Number.NaN;
}

export function createMatchables(connection: Connection): Matchables {
  const remembered = new LRUCache<Seq, OfTenant>({
    maxSize: ENDPOINTS_MAX,
    sizeCalculation: ({ endpoints }) => 1 + endpoints.length,
  });

  // Compared each time: the version is raised by every change, in whatever verb.
  function ofTenant(tenantSeq: Seq): OfTenant {
    const version = endpointVersion(connection, tenantSeq);
    const known = remembered.get(tenantSeq);
    if (known?.version === version) return known;
    const read = { version, endpoints: tenantMatchables(connection, tenantSeq), byType: new Map() };
    remembered.set(tenantSeq, read);
    return read;
  }

  return {
    targets(tenantSeq, type) {
      const { endpoints, byType } = ofTenant(tenantSeq);
      let targets = byType.get(type);
      if (targets === undefined) {
        targets = matchEndpoints(endpoints, type).slice(0, EVENT_TARGETS_MAX);
        if (byType.size >= TYPES_MAX) byType.clear();
        byType.set(type, targets);
      }
      return targets;
    },
    clear: () => remembered.clear(),
  };
}

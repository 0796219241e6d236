/** Reads endpoint rows, for every verb that needs one. */
import { LRUCache } from "lru-cache";
import type {
  Destination,
  DisabledReason,
  Endpoint,
  EndpointStatus,
  EndpointSurface,
  Format,
  Transport,
} from "../../domain/endpoints/endpoint.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import type { Connection } from "../connection.ts";
import { one, type ReadConnection } from "../read-connection.ts";
import { uuidText } from "../rows.ts";
import type { Vault } from "../vault.ts";

/** The columns for `readDestination`, of a table that the query names `endpoints e`. */
const DESTINATION_COLUMNS = `
  e.seq, e.id, e.tenant_seq, (SELECT t.id FROM tenants t WHERE t.seq = e.tenant_seq) AS tenant_id, e.made_by,
  e.name, e.url, e.format, e.headers_sealed, e.secret_sealed, e.previous_secret_sealed, e.previous_secret_until,
  e.timeout_seconds, e.retry_schedule_seconds, e.rate_limit_per_second, e.max_in_flight, e.ordered, e.transport, e.status,
  e.paused_at, e.disabled_reason, e.generation, e.created_at, e.updated_at`;

/** The columns for `readEndpoint`, of a table that the query names `endpoints e`. */
export const ENDPOINT_COLUMNS = `${DESTINATION_COLUMNS}, e.description, e.event_types`;

interface DestinationColumns {
  readonly seq: Seq;
  readonly id: Uint8Array;
  readonly tenant_seq: Seq;
  readonly tenant_id: Uint8Array;
  readonly made_by: EndpointSurface;
  readonly name: string;
  readonly url: string;
  readonly format: Format;
  /** A JSON object. */
  readonly headers_sealed: Uint8Array | null;
  readonly secret_sealed: Uint8Array | null;
  readonly previous_secret_sealed: Uint8Array | null;
  readonly previous_secret_until: EpochMs | null;
  readonly timeout_seconds: number;
  /** JSON array. */
  readonly retry_schedule_seconds: string;
  readonly rate_limit_per_second: number | null;
  readonly max_in_flight: number;
  readonly ordered: number;
  readonly transport: Transport;
  readonly status: EndpointStatus;
  readonly paused_at: EpochMs | null;
  readonly disabled_reason: DisabledReason | null;
  readonly generation: number;
  readonly created_at: EpochMs;
  readonly updated_at: EpochMs;
}

export interface EndpointColumns extends DestinationColumns {
  readonly description: string | null;
  /** JSON array of filters. */
  readonly event_types: string | null;
}

export function readEndpoint(vault: Vault, row: EndpointColumns): Endpoint {
  return {
    ...readDestination(vault, row),
    description: row.description,
    eventTypes: row.event_types === null ? null : (JSON.parse(row.event_types) as string[]),
  };
}

/** The secret and headers of a deleted endpoint are erased: they read as empty. */
function readDestination(vault: Vault, row: DestinationColumns): Destination {
  const open = (sealed: Uint8Array | null) => (sealed === null ? null : openCached(vault, sealed));
  const previous = open(row.previous_secret_sealed);
  return {
    id: uuidText(row.id),
    seq: row.seq,
    tenantId: uuidText(row.tenant_id),
    tenantSeq: row.tenant_seq,
    createdThrough: row.made_by,
    name: row.name,
    url: row.url,
    format: row.format,
    headers: JSON.parse(open(row.headers_sealed) ?? "{}") as Record<string, string>,
    timeoutSeconds: row.timeout_seconds,
    retryScheduleSeconds: JSON.parse(row.retry_schedule_seconds) as number[],
    rateLimitPerSecond: row.rate_limit_per_second,
    maxInFlight: row.max_in_flight,
    ordered: row.ordered === 1,
    transport: row.transport,
    status: row.status,
    pausedAt: row.paused_at,
    disabledReason: row.disabled_reason,
    generation: row.generation,
    secrets: {
      current: open(row.secret_sealed) ?? "",
      previous:
        previous === null || row.previous_secret_until === null
          ? null
          : { secret: previous, expiresAt: row.previous_secret_until },
    },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

const BY_SEQ = `
  SELECT ${ENDPOINT_COLUMNS}
  FROM endpoints e
  WHERE e.seq = ?`;

/** @throws when there is none. Callers have sequences only of endpoints that exist, deleted ones included. */
export function loadEndpoint(connection: ReadConnection, endpointSeq: Seq): Endpoint {
  const row = one<EndpointColumns>(connection, BY_SEQ, endpointSeq);
  if (row === undefined) throw new Error(`no endpoint ${endpointSeq}`);
  return readEndpoint(connection.vault, row);
}

const DESTINATION_BY_SEQ = `
  SELECT ${DESTINATION_COLUMNS}
  FROM endpoints e
  WHERE e.seq = ?`;

/** How to send to an endpoint, or the error if its secret or headers do not decrypt. */
export function loadDestination(connection: ReadConnection, endpointSeq: Seq): Destination | Error {
  const row = one<DestinationColumns>(connection, DESTINATION_BY_SEQ, endpointSeq);
  if (row === undefined) throw new Error(`no endpoint ${endpointSeq}`);
  try {
    return readDestination(connection.vault, row);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

// Served by endpoints_live, so that tombstones cost nothing.
const COUNT = "SELECT count(*) AS count FROM endpoints WHERE tenant_seq = ? AND deleted_at IS NULL";

export function countEndpoints(connection: Connection, tenantSeq: Seq): number {
  return one<{ count: number }>(connection, COUNT, tenantSeq)?.count ?? 0;
}

/** The memory for decrypted secrets and headers, per thread: enough for 10,000 endpoints without headers. */
const OPENED_BYTES_MAX = 8 * 1024 * 1024;
/** Roughly the key, the map's entry and the overhead of the strings. */
const OPENED_OVERHEAD_BYTES = 200;
/** Nonce and tag. They differ each time a secret is sealed, so the cache never returns an older secret. */
const SEAL_HEAD_BYTES = 28;

const opened = new WeakMap<Vault, LRUCache<string, string>>();

function openCached(vault: Vault, sealed: Uint8Array): string {
  let cache = opened.get(vault);
  if (cache === undefined) {
    cache = new LRUCache({
      maxSize: OPENED_BYTES_MAX,
      sizeCalculation: (text) => OPENED_OVERHEAD_BYTES + 2 * text.length,
    });
    opened.set(vault, cache);
  }
  const key = Buffer.from(sealed.buffer, sealed.byteOffset, SEAL_HEAD_BYTES).toString("latin1");
  let text = cache.get(key);
  if (text === undefined) {
    text = vault.open(sealed);
    cache.set(key, text);
  }
  return text;
}

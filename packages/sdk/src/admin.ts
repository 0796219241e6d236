/** The smaller resources: replays, analytics, jobs, keys, tenants and pause webhooks. */
import type { Job, JobFilter, JobPage } from "./delivery/bulk-types.ts";
import { type CallOptions, onePath, type Transport } from "./http.ts";
import type { CreatedKey, Key, KeyInput } from "./keys.ts";
import { dateMs } from "./options.ts";
import {
  advanced,
  cursorPage,
  type LinkedPage,
  type ListOptions,
  linkedPage,
  linkedPages,
  type PageOptions,
} from "./paging.ts";
import type {
  AttemptStatistics,
  Backlog,
  EndpointAttempts,
  EndpointHealth,
  InboundStatistics,
  PauseStatistics,
  StatisticsStep,
} from "./statistics.ts";
import type { CreatedTenant, Tenant, TenantChanges, TenantDetails } from "./tenant.ts";
import type {
  LatencyBucket,
  PauseWebhook,
  PauseWebhookInput,
  Replay,
  ReplayInput,
  SuccessHour,
  VolumeHour,
} from "./types.ts";

/** Replays of deliveries. */
export class Replays {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Create new deliveries of the same events. If any id is unknown, the whole call is refused. */
  async create(input: ReplayInput, options?: CallOptions): Promise<Replay> {
    const body = JSON.stringify(input);
    const repeatable = input.dry_run === true;
    const call = { method: "POST", path: "/v1/replays", body, repeatable, signal: options?.signal } as const;
    return (await this.#transport.call<Replay>(call)).body;
  }
}

/** The time span of the figures. */
export interface AnalyticsOptions extends CallOptions {
  /** 1 to 720. Default: 24. */
  readonly hours?: number;
}

/** A span of time, and how it is divided. */
export interface SpanOptions extends CallOptions {
  /** Default: 24 hours before `to`. */
  readonly from?: string | Date;
  /** Default: now. */
  readonly to?: string | Date;
  /** The length of a bucket. */
  readonly step?: StatisticsStep;
}

/**
 * Which attempts to count: at most one of `endpointId` and `eventType`. Steps below an hour are available for the last 3
 * hours.
 */
export interface AttemptsOptions extends SpanOptions {
  readonly endpointId?: string;
  readonly eventType?: string;
}

function timeOf(name: string, time: string | Date | undefined): string | undefined {
  return typeof time === "object" ? new Date(dateMs(name, time)).toISOString() : time;
}

/** Figures for the last hours. */
export class Analytics {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  deliveryVolume(options?: AnalyticsOptions): Promise<readonly VolumeHour[]> {
    return this.#get("delivery-volume", options);
  }

  successRate(options?: AnalyticsOptions): Promise<readonly SuccessHour[]> {
    return this.#get("success-rate", options);
  }

  latencyDistribution(options?: AnalyticsOptions): Promise<readonly LatencyBucket[]> {
    return this.#get("latency-distribution", options);
  }

  endpointHealth(options?: AnalyticsOptions): Promise<readonly EndpointHealth[]> {
    return this.#get("endpoint-health", options);
  }

  /** Attempts of up to 50 endpoints, by hour. The response leaves out endpoints that do not exist. */
  async endpointAttempts(
    endpointIds: readonly string[],
    options: AnalyticsOptions = {},
  ): Promise<readonly EndpointAttempts[]> {
    const query = { endpoint_id: endpointIds, hours: options.hours };
    const call = { method: "GET", path: "/v1/analytics/endpoint-attempts", query, signal: options.signal } as const;
    return (await this.#transport.call<readonly EndpointAttempts[]>(call)).body;
  }

  /** Attempts as they happen. Without options: the last 24 hours, by hour. */
  async attempts(options: AttemptsOptions = {}): Promise<AttemptStatistics> {
    const { from, to, step, endpointId, eventType, signal } = options;
    const query = {
      from: timeOf("from", from),
      to: timeOf("to", to),
      step,
      endpoint_id: endpointId,
      event_type: eventType,
    };
    const call = { method: "GET", path: "/v1/analytics/attempts", query, signal } as const;
    return (await this.#transport.call<AttemptStatistics>(call)).body;
  }

  /** Received requests, by time and by source. It needs the role `org_admin`. */
  inbound(options: SpanOptions = {}): Promise<InboundStatistics> {
    return this.#ofSpan("inbound", options);
  }

  /** How pauses ended, by the time of their creation. */
  pauses(options: SpanOptions = {}): Promise<PauseStatistics> {
    return this.#ofSpan("pauses", options);
  }

  async #ofSpan<Body>(name: string, { from, to, step, signal }: SpanOptions): Promise<Body> {
    const query = { from: timeOf("from", from), to: timeOf("to", to), step };
    const call = { method: "GET", path: `/v1/analytics/${name}`, query, signal } as const;
    return (await this.#transport.call<Body>(call)).body;
  }

  /** Deliveries that wait: now, and in each of the last minutes. */
  async backlog(options?: CallOptions): Promise<Backlog> {
    const call = { method: "GET", path: "/v1/analytics/backlog", signal: options?.signal } as const;
    return (await this.#transport.call<Backlog>(call)).body;
  }

  async #get<Body>(name: string, options: AnalyticsOptions | undefined): Promise<Body> {
    const query = { hours: options?.hours };
    const path = `/v1/analytics/${name}`;
    return (await this.#transport.call<Body>({ method: "GET", path, query, signal: options?.signal })).body;
  }
}

/** Background jobs. */
export class Jobs {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async get(id: string, options?: CallOptions): Promise<Job> {
    const path = onePath("/v1/jobs", id);
    return (await this.#transport.call<Job>({ method: "GET", path, signal: options?.signal })).body;
  }

  /** One page of jobs, newest first. */
  async list(filter: JobFilter & { readonly cursor?: string } = {}, options?: CallOptions): Promise<JobPage> {
    const call = { method: "GET", path: "/v1/jobs", query: { ...filter }, signal: options?.signal } as const;
    return (await this.#transport.call<JobPage>(call)).body;
  }

  /** All jobs, newest first. Further pages are fetched as you iterate. */
  async *iterate(filter: JobFilter = {}, options?: CallOptions): AsyncGenerator<Job, void, undefined> {
    let cursor: string | undefined;
    do {
      const page = await this.list(cursor === undefined ? filter : { ...filter, cursor }, options);
      yield* page.results;
      cursor = advanced(cursor, page.has_more ? (page.next_cursor ?? undefined) : undefined);
    } while (cursor !== undefined);
  }

  /** Stop a job. What it has changed stays changed. If it has ended, the error is 409 `INVALID_STATE`. */
  async cancel(id: string, options?: CallOptions): Promise<Job> {
    const path = `${onePath("/v1/jobs", id)}/cancel`;
    return (await this.#transport.call<Job>({ method: "POST", path, signal: options?.signal })).body;
  }
}

const KEYS = "/v1/auth/keys";

/** The tenant's API keys. All methods except `rotate` need the role `org_admin`. */
export class Keys {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Create a key. Store its `api_key`, which is not shown again. */
  async create(input: KeyInput, options?: CallOptions): Promise<CreatedKey> {
    const call = { method: "POST", path: KEYS, body: JSON.stringify(input), signal: options?.signal } as const;
    return (await this.#transport.call<CreatedKey>(call)).body;
  }

  /** All keys that are not revoked, in order of creation. The client fetches all pages. */
  async list(options?: ListOptions): Promise<readonly Key[]> {
    const keys: Key[] = [];
    let cursor: string | undefined;
    do {
      const query = { limit: options?.limit, cursor };
      const { body } = await this.#transport.call<KeyPage>({
        method: "GET",
        path: KEYS,
        query,
        signal: options?.signal,
      });
      keys.push(...body.keys);
      cursor = advanced(cursor, body.has_more ? (body.next_cursor ?? undefined) : undefined);
    } while (cursor !== undefined);
    return keys;
  }

  /** One page of keys that are not revoked, in order of creation. */
  page(options: PageOptions = {}): Promise<LinkedPage<Key>> {
    return cursorPage<Key>(this.#transport, { path: KEYS, field: "keys" }, options);
  }

  /** Revoke a key, effective immediately. */
  async revoke(id: string, options?: CallOptions): Promise<void> {
    await this.#transport.call({
      method: "DELETE",
      path: onePath(KEYS, id),
      signal: options?.signal,
    });
  }

  /** Revoke this client's own key, effective immediately. Every role may do so. */
  async revokeOwn(options?: CallOptions): Promise<void> {
    await this.#transport.call({ method: "POST", path: `${KEYS}/revoke`, signal: options?.signal });
  }

  /**
   * Replace this client's own key. The old key stops working immediately, and the client uses the new one from then on.
   * Store the new key.
   */
  async rotate(options?: CallOptions): Promise<{ readonly api_key: string }> {
    const call = { method: "POST", path: `${KEYS}/rotate`, signal: options?.signal } as const;
    const { body } = await this.#transport.call<{ api_key: string }>(call);
    this.#transport.useKey(body.api_key);
    return body;
  }
}

/** All tenants. The methods need the role `global_admin`. */
export class Tenants {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Create a tenant and its first key. Store its `api_key`, which is not shown again. */
  async create(input: { readonly name: string }, options?: CallOptions): Promise<CreatedTenant> {
    const call = { method: "POST", path: "/v1/tenants", body: JSON.stringify(input), signal: options?.signal } as const;
    return (await this.#transport.call<CreatedTenant>(call)).body;
  }

  /** A tenant with its quotas and their usage. */
  async get(id: string, options?: CallOptions): Promise<TenantDetails> {
    const path = onePath("/v1/tenants", id);
    return (await this.#transport.call<TenantDetails>({ method: "GET", path, signal: options?.signal })).body;
  }

  /** Rename a tenant or change its quotas. Only the given fields change; null resets a quota to its default. */
  async update(id: string, changes: TenantChanges, options?: CallOptions): Promise<TenantDetails> {
    const path = onePath("/v1/tenants", id);
    const call = { method: "PATCH", path, body: JSON.stringify(changes), signal: options?.signal } as const;
    return (await this.#transport.call<TenantDetails>(call)).body;
  }

  /** One page of tenants in order of creation. */
  page(options: PageOptions = {}): Promise<LinkedPage<Tenant>> {
    return linkedPage<Tenant>(this.#transport, "/v1/tenants", options);
  }

  /** All tenants in order of creation. Further pages are fetched as you iterate. */
  list(options?: ListOptions): AsyncGenerator<Tenant, void, undefined> {
    return linkedPages(this.#transport, "/v1/tenants", options);
  }
}

interface KeyPage {
  readonly keys: readonly Key[];
  readonly has_more?: boolean;
  readonly next_cursor?: string | null;
}

const WEBHOOKS = "/v1/webhooks";

/** Endpoints as `/v1/webhooks` shows them. */
export class Webhooks {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async create(input: PauseWebhookInput, options?: CallOptions): Promise<PauseWebhook> {
    const call = { method: "POST", path: WEBHOOKS, body: JSON.stringify(input), signal: options?.signal } as const;
    return (await this.#transport.call<PauseWebhook>(call)).body;
  }

  async list(options?: CallOptions): Promise<readonly PauseWebhook[]> {
    const call = { method: "GET", path: WEBHOOKS, signal: options?.signal } as const;
    return (await this.#transport.call<{ webhooks: PauseWebhook[] }>(call)).body.webhooks;
  }

  async delete(id: string, options?: CallOptions): Promise<void> {
    const path = onePath(WEBHOOKS, id);
    await this.#transport.call({ method: "DELETE", path, signal: options?.signal });
  }
}

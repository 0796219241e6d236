/** What the server is doing. */
import { type CallOptions, onePath, type Transport } from "./http.ts";

/** The status of a server. `store` and `process` are null unless the caller is a `global_admin`. */
export interface ServerStatus {
  readonly version: string;
  readonly at: string;
  /** Whether the server can store events now. */
  readonly ready: boolean;
  readonly reason: string | null;
  /** The tenant's streams. */
  readonly streams: { readonly open: number; readonly max: number };
  readonly channels: readonly {
    readonly name: "email" | "slack" | "sms";
    readonly configured: boolean;
    /** What to set so that the channel is configured. */
    readonly setting: string | null;
  }[];
  readonly store: {
    readonly file_bytes: number;
    readonly wal_bytes: number;
    readonly leased: number;
    readonly writable: boolean;
    readonly disk_free_bytes: number | null;
    readonly disk_total_bytes: number | null;
  } | null;
  readonly process: {
    readonly started_at: string;
    readonly node_version: string;
    readonly memory_bytes: number;
    readonly loop_delay_ms: { readonly p50: number; readonly p99: number; readonly max: number };
    readonly queues: {
      readonly publish: number;
      readonly settle: number;
      readonly in_flight: number;
      readonly deliveries: number;
      readonly payload_bytes: number;
      readonly lanes: number;
    };
    /** Open streams of all tenants. */
    readonly streams: number;
    /** Whether retention may delete by age. */
    readonly clock: { readonly trusted: boolean; readonly reason: string | null };
    /** A secret is `set`; null is not set. */
    readonly settings: readonly { readonly name: string; readonly value: string | null }[];
  } | null;
}

/** One of the servers that share a store. */
export interface ServerNode {
  /** A node gets a new number at each start. */
  readonly id: number;
  /** The name of its host, with the port. */
  readonly name: string;
  readonly version: string;
  readonly started_at: string;
  readonly last_seen_at: string;
  /** Endpoints that only this node delivers to at the moment. */
  readonly lanes: number;
  /** Deliveries that it has leased. */
  readonly leases: number;
  /** Whether it runs jobs and retention. */
  readonly leader: boolean;
  /** Whether it is the node that responded. */
  readonly self: boolean;
}

/** Whether a server can accept events. */
export interface Readiness {
  readonly ready: boolean;
  /** Why it cannot. */
  readonly reason: string | null;
}

/** An overloaded server responds with an error instead. */
interface ReadinessBody {
  readonly status?: "ready" | "not_ready";
  readonly reason?: string;
  readonly error?: { readonly message: string };
}

/** What the server is doing. */
export class Status {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The servers that share the store. Needs the role `global_admin`. */
  async nodes(options?: CallOptions): Promise<readonly ServerNode[]> {
    const call = { method: "GET", path: "/v1/nodes", signal: options?.signal } as const;
    return (await this.#transport.call<{ readonly nodes: readonly ServerNode[] }>(call)).body.nodes;
  }

  /** The tenant's view of the server, and for a `global_admin` all of it. Needs the role `org_admin`. */
  async get(options?: CallOptions): Promise<ServerStatus> {
    const call = { method: "GET", path: "/v1/status", signal: options?.signal } as const;
    return (await this.#transport.call<ServerStatus>(call)).body;
  }

  /** Return if the server runs. It needs no key. */
  async checkHealth(options?: CallOptions): Promise<void> {
    await this.#transport.call({ method: "GET", path: "/healthz", signal: options?.signal });
  }

  /** Whether the server can accept events now. There is no retry, and it needs no key. */
  async checkReadiness(options?: CallOptions): Promise<Readiness> {
    const call = { method: "GET", path: "/readyz", answerStatus: 503, retriesMax: 0, signal: options?.signal } as const;
    const { body } = await this.#transport.call<ReadinessBody>(call);
    return { ready: body.status === "ready", reason: body.reason ?? body.error?.message ?? null };
  }

  /** The server's metrics in the text format of Prometheus. Needs the role `global_admin`. */
  async readMetrics(options?: CallOptions): Promise<string> {
    const call = { method: "GET", path: "/metrics", plainText: true, signal: options?.signal } as const;
    return (await this.#transport.call(call)).text;
  }

  /** Send a test message over a channel, and wait until it is sent or refused. Needs the role `org_admin`. */
  async testChannel(
    name: "email" | "slack" | "sms",
    input: { readonly address?: string } = {},
    options?: CallOptions,
  ): Promise<{ readonly sent: boolean; readonly reason: string | null }> {
    const path = `${onePath("/v1/status/channels", name)}/test`;
    const call = { method: "POST", path, body: JSON.stringify(input), signal: options?.signal } as const;
    return (await this.#transport.call<{ sent: boolean; reason: string | null }>(call)).body;
  }
}

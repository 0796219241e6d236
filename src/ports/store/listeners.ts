/** The verbs on listeners: endpoints whose deliveries go over the stream of a program that listens. */
import type { Actor } from "../../domain/access/access.ts";
import type { QuotaExceeded } from "../../domain/access/quota.ts";
import type { Destination, Endpoint, EndpointSettings } from "../../domain/endpoints/endpoint.ts";
import type { EpochMs, LeaseToken, Seq, Uuid } from "../../domain/ids.ts";
import type { LaneState } from "./delivery.ts";
import type { EndpointView } from "./endpoints.ts";

export interface PutListener {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  /** The id of a new one. */
  readonly id: Uuid;
  readonly name: string;
  /** What an existing listener of this name takes over. */
  readonly settings: Partial<Omit<EndpointSettings, "name" | "url">>;
  /** What a new one has, together with `settings`. */
  readonly defaults: Omit<EndpointSettings, "name" | "url">;
  /** Null: an existing listener keeps its secret. */
  readonly secret: string | null;
  /** The secret of a new one without `secret`. */
  readonly newSecret: string;
  /** Change nothing while somebody reads it. */
  readonly ifFree: boolean;
  readonly now: EpochMs;
}

export type PutListenerResult =
  | { readonly kind: "created" | "adopted"; readonly endpoint: Endpoint; readonly lane: LaneState }
  | ListenerBusy
  /** The tenant has `LISTENERS_PER_TENANT_COUNT_MAX`. */
  | { readonly kind: "tooMany" }
  | QuotaExceeded;

export interface ConnectListener {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly id: Uuid;
  /** Of this stream. */
  readonly connection: Uuid;
  /** Of the process that reads: the same when it connects again. */
  readonly session: string;
  /** Who that is, for people. */
  readonly reader: string;
  /** Displace another process. */
  readonly takeover: boolean;
  readonly now: EpochMs;
}

export type ConnectListenerResult =
  | { readonly kind: "connected"; readonly endpoint: Destination; readonly lane: LaneState }
  | ListenerBusy
  | { readonly kind: "unknown" };

/** Another process reads it. */
export interface ListenerBusy {
  readonly kind: "busy";
  readonly reader: string;
  readonly since: EpochMs;
}

/** Who reads a listener now. */
export interface ListenerReader {
  readonly endpointSeq: Seq;
  /** Null: nobody. */
  readonly connection: Uuid | null;
  readonly reader: string | null;
}

/** A report that another node's reader sent to this node. */
export interface ForwardedReport {
  /** The lease of the attempt. Null for a test, which has none. */
  readonly lease: LeaseToken | null;
  /** The report, as the node that takes it reads it. */
  readonly report: string;
}

export interface ListenerVerbs {
  /** Create a listener, or change the one that has this name. */
  putListener(request: PutListener): Promise<PutListenerResult>;
  /**
   * A reader is there: this node owns the lane from now on, and what waits is due. If the last reader was on another
   * node, that node's leases end, as if the deliveries had never been claimed.
   */
  connectListener(request: ConnectListener): Promise<ConnectListenerResult>;
  /** The reader of this connection has gone. The lane is held. Null when there is a newer reader, or no listener. */
  disconnectListener(request: {
    readonly tenantSeq: Seq;
    readonly endpointSeq: Seq;
    readonly connection: Uuid;
    readonly now: EpochMs;
  }): Promise<LaneState | null>;
  /** In creation order: at most `LISTENERS_PER_TENANT_COUNT_MAX`. */
  listListeners(tenantSeq: Seq): Promise<readonly EndpointView[]>;
  /** Who reads these listeners. Those that are gone are left out. */
  findReaders(endpointSeqs: readonly Seq[]): Promise<readonly ListenerReader[]>;
  /** Leave reports for another node. Returns for each whether its attempt is still open. */
  forwardReports(request: {
    readonly node: number;
    readonly reports: readonly ForwardedReport[];
    readonly now: EpochMs;
  }): Promise<readonly boolean[]>;
  /** Take what other nodes left for this one. */
  takeReports(now: EpochMs): Promise<readonly string[]>;
}

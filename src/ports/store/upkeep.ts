/** The verbs for what runs in the background: nodes, leases, retention, changes by others. */

import type { Destination } from "../../domain/endpoints/endpoint.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { Totals } from "../../domain/upkeep/totals.ts";
import type { LaneState, Lease, Wake } from "./delivery.ts";

export interface SweepRequest {
  readonly now: EpochMs;
  readonly retentionMs: number;
}

export interface StoreStats {
  readonly fileBytes: number;
  readonly walBytes: number;
  /** Deliveries that are leased. */
  readonly leased: number;
  /** Pauses of all tenants that wait for an answer. */
  readonly openPauses: number;
  /** What this process has committed since its start. */
  readonly totals: Totals;
  /** Whether the latest commit succeeded. The engine sends nothing while it is false. */
  readonly writable: boolean;
}

/** How people tell nodes apart. */
export interface NodeNaming {
  /** The host's name and the port, such as `db1.example.com:8080`. */
  readonly name: string;
  readonly version: string;
}

/** A node that is alive. All times are the database's, if it has a clock of its own. */
export interface NodeView extends NodeNaming {
  readonly node: number;
  readonly enteredAt: EpochMs;
  readonly seenAt: EpochMs;
  /** The lanes that it owns, and the deliveries that it has leased. */
  readonly lanes: number;
  readonly leases: number;
  /** Whether it does what only one node does, such as retention. */
  readonly isLeader: boolean;
}

export interface Heartbeat {
  /** The database's time; null if it has no clock of its own. */
  readonly at: EpochMs | null;
  /** How many nodes are alive, with this one. */
  readonly nodes: number;
  /** Whether this node does what only one node does. */
  readonly isLeader: boolean;
  /** Lanes of nodes that are gone, which now have something to claim. */
  readonly woken: readonly Wake[];
  /** The nodes that this heartbeat found gone, because of their silence. */
  readonly gone: readonly GoneNode[];
}

export interface GoneNode {
  readonly node: number;
  readonly name: string;
  /** When it was last heard, by the database's clock. */
  readonly seenAt: EpochMs;
}

export interface Entered {
  /** This node's number, which no node had before. Its lease tokens begin with it: see `LeaseToken`. */
  readonly node: number;
  /** The node's time: no earlier than any time that the store has seen. */
  readonly now: EpochMs;
  /** The latest trusted time of a heartbeat; null for a new store. */
  readonly lastSeenAt: EpochMs | null;
  /** Signs the links of pauses and seals cursors: 32 bytes, hexadecimal, the same at every start of this installation. */
  readonly linkKey: string;
}

/** What another process or node changed. The engine drops what it has cached of it. */
export type Change =
  /** The store cannot tell what changed. */
  | { readonly kind: "anything" }
  /** Keys of any tenant. */
  | { readonly kind: "keys" }
  /** Users or sessions of any tenant. */
  | { readonly kind: "sessions" }
  /** Sources of any tenant. */
  | { readonly kind: "sources" }
  /** A job was started. */
  | { readonly kind: "jobs" }
  /** A node left reports for readers of other nodes. */
  | { readonly kind: "reports" }
  | { readonly kind: "endpoints"; readonly tenantSeq: Seq }
  | { readonly kind: "quotas"; readonly tenantSeq: Seq }
  /** The pause has ended. */
  | { readonly kind: "pause"; readonly id: Uuid }
  /** Somebody cancelled a delivery while it was leased. The node that leased it drops it, unless it is in flight. */
  | { readonly kind: "cancel"; readonly endpointSeq: Seq; readonly deliverySeq: Seq };

/** A lane that this node has open, and the revision that it knows. */
export interface LaneRevision {
  readonly endpointSeq: Seq;
  readonly revision: number;
}

export interface Changes {
  readonly changes: readonly Change[];
  /** Of the lanes that were asked about: those that have changed. Null: the endpoint is deleted, or cannot be read. */
  readonly lanes: readonly { readonly endpoint: Destination | null; readonly state: LaneState }[];
  /** When a lane that no node owns is ready; null when there is none, or only this process makes lanes ready. */
  readonly nextReadyAt: EpochMs | null;
  /** The next deadline of a pause; null when there is none, or only this process creates pauses. */
  readonly nextPauseAt: EpochMs | null;
  /** Pass it to the next call. The text has a meaning only for the store. */
  readonly mark: string;
}

export interface UpkeepVerbs {
  /**
   * Register this node under a new number: the first verb that it calls, and again after NodeGone. From then on every
   * verb acts for this node. Ends the leases of nodes that are gone, and disowns their lanes.
   */
  enter(now: EpochMs, naming?: NodeNaming): Promise<Entered>;
  /**
   * Record that this node is alive, and take over from nodes that are not. Only a time with `isTrusted`, when the wall
   * clock has not jumped, counts as `lastSeenAt`.
   *
   * @throws NodeGone, as every verb that writes, when the other nodes have taken this one for dead
   */
  heartbeat(now: EpochMs, isTrusted: boolean): Promise<Heartbeat>;
  /** The last verb of a node that stops: what it still holds is given back at once. */
  leave(now: EpochMs): Promise<void>;
  /** The nodes that are alive, in the order in which they entered. */
  listNodes(): Promise<readonly NodeView[]>;
  /** The leases that the store has for this node. */
  leases(): Promise<readonly Lease[]>;
  /** One limited step of retention over everything that is kept. `more`: the pass is not finished. */
  sweep(
    request: SweepRequest,
  ): Promise<{ readonly more: boolean; readonly deleted: number; readonly woken: readonly Wake[] }>;
  /**
   * What other processes and nodes changed since an earlier result's `mark`. The result can contain more than what
   * changed, and never less. It does not contain what this node changed. With null, it returns the current mark and no changes.
   */
  changesSince(mark: string | null, lanes?: readonly LaneRevision[]): Promise<Changes>;
  stats(): Promise<StoreStats>;
  close(): Promise<void>;
}

/** The verbs for what runs in the background: nodes, leases, retention, changes by others. */
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { Lease, Wake } from "./delivery.ts";

export interface SweepRequest {
  readonly now: EpochMs;
  readonly retentionMs: number;
}

export interface StoreStats {
  readonly fileBytes: number;
  readonly walBytes: number;
  /** Deliveries that are leased. */
  readonly leased: number;
  /** Whether the latest commit succeeded. The engine sends nothing while it is false. */
  readonly writable: boolean;
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
  | { readonly kind: "endpoints"; readonly tenantSeq: Seq }
  | { readonly kind: "quotas"; readonly tenantSeq: Seq }
  /** The pause has ended. */
  | { readonly kind: "pause"; readonly id: Uuid };

export interface Changes {
  readonly changes: readonly Change[];
  /** Pass it to the next call. The text has a meaning only for the store. */
  readonly mark: string;
}

export interface UpkeepVerbs {
  /**
   * Register this node: the first verb that it calls. From then on every verb acts for this node. Ends the leases of
   * nodes that are gone, and disowns their lanes.
   */
  enter(now: EpochMs): Promise<Entered>;
  /** Record that this node is alive. Only a time with `isTrusted`, when the wall clock has not jumped, counts as `lastSeenAt`. */
  heartbeat(now: EpochMs, isTrusted: boolean): Promise<void>;
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
  changesSince(mark: string | null): Promise<Changes>;
  stats(): Promise<StoreStats>;
  close(): Promise<void>;
}

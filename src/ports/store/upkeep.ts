/** The verbs that keep the store and this node in order: nodes, leases, jobs, retention. */
import type { Actor } from "../../domain/access/access.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { Lease, Wake } from "./delivery.ts";

export interface Job {
  readonly id: Uuid;
  readonly kind: "recover" | "cancel_backlog";
  readonly state: "running" | "done";
  /** Rows changed so far. */
  readonly done: number;
  readonly createdAt: EpochMs;
  readonly finishedAt: EpochMs | null;
}

export interface StartRecover {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly endpointId: Uuid;
  readonly jobId: Uuid;
  /** Deliveries and events of this time or later. */
  readonly since: EpochMs;
  readonly now: EpochMs;
}

export interface JobStep {
  readonly idle: boolean;
  readonly woken: readonly Wake[];
  /** The job whose step broke, by an error of ours: it was undone, and would break again. */
  readonly failed: { readonly jobId: Uuid; readonly message: string } | null;
}

export interface SweepRequest {
  readonly now: EpochMs;
  readonly retentionMs: number;
}

export interface StoreStats {
  readonly fileBytes: number;
  readonly walBytes: number;
  readonly leased: number;
  /** Whether the last group commit failed: nothing is sent meanwhile. */
  readonly writable: boolean;
}

export interface Entered {
  /** This node's number, which no node had before. Its lease tokens begin with it: see `LeaseToken`. */
  readonly node: number;
  readonly now: EpochMs;
  readonly lastSeenAt: EpochMs | null;
  /** Signs the links of pauses, and seals cursors: 32 bytes, hexadecimal, the same at every start of this installation. */
  readonly linkKey: string;
}

/** Something that another process or node changed, and that this one may remember as it was. */
export type Change =
  /** The store cannot say what: it may be anything. */
  | { readonly kind: "anything" }
  /** Keys of any tenant. */
  | { readonly kind: "keys" }
  /** Users or sessions of any tenant. */
  | { readonly kind: "sessions" }
  /** Sources of any tenant. */
  | { readonly kind: "sources" }
  | { readonly kind: "endpoints"; readonly tenantSeq: Seq }
  | { readonly kind: "quotas"; readonly tenantSeq: Seq }
  /** The pause ended. */
  | { readonly kind: "pause"; readonly id: Uuid };

export interface Changes {
  readonly changes: readonly Change[];
  /** To ask with the next time; the store's own text. */
  readonly mark: string;
}

export interface UpkeepVerbs {
  /**
   * Enter this node: the first verb that it calls. From then on the store knows which node calls, and every verb acts
   * for it. Voids the leases and lanes of nodes that are gone. `now` is never before any time that the store has seen;
   * `lastSeenAt` is the latest that a heartbeat vouched for, null for a new store.
   */
  enter(now: EpochMs): Promise<Entered>;
  /** `isTrusted`: the wall clock has not jumped; only such times count as `lastSeenAt`. */
  heartbeat(now: EpochMs, isTrusted: boolean): Promise<void>;
  /** What the store believes this node to hold. */
  leases(): Promise<readonly Lease[]>;
  /** Null when the tenant has no such endpoint. */
  startRecover(request: StartRecover): Promise<Uuid | null>;
  /** One bounded step of the oldest running job that is not in `passOver`; `idle` when there is none. */
  stepJob(now: EpochMs, passOver?: readonly Uuid[]): Promise<JobStep>;
  getJob(tenantSeq: Seq, id: Uuid): Promise<Job | null>;
  /** One bounded step of retention over everything that is kept; `more` while there is something left to delete. */
  sweep(
    request: SweepRequest,
  ): Promise<{ readonly more: boolean; readonly deleted: number; readonly woken: readonly Wake[] }>;
  /**
   * What other processes and nodes changed since an earlier answer's `mark`: all of it, and perhaps more. What this node
   * changes itself is not included. Null answers the present mark and no changes.
   */
  changesSince(mark: string | null): Promise<Changes>;
  stats(): Promise<StoreStats>;
  close(): Promise<void>;
}

/** The engine's interface for the API. Every call is for one tenant, by an authenticated actor. */
import type { Seq } from "../domain/ids.ts";
import type { Channel } from "../domain/pauses/pause.ts";
import type { NodeView, StoreStats } from "../ports/store.ts";
import type { AccessService } from "./access/access-types.ts";
import type { AuditLog } from "./access/audit-log.ts";
import type { Caller } from "./access/caller.ts";
import type { TooFast } from "./access/publish-rate.ts";
import type { SessionService } from "./access/session-types.ts";
import type { TerminalService } from "./access/terminal-types.ts";
import type { UserService } from "./access/user-types.ts";
import type { PublishInput, PublishOutput } from "./delivery/publish-types.ts";
import type { EndpointService } from "./endpoints/endpoint-types.ts";
import type { ListenerService } from "./endpoints/listener-types.ts";
import type { AttemptReader } from "./history/attempt-details.ts";
import type { Cursors } from "./history/cursors.ts";
import type { Events } from "./history/events.ts";
import type { Explanations } from "./history/explain/explanations.ts";
import type { HistoryService, StatisticsService } from "./history/history-types.ts";
import type { LedgerService } from "./history/ledger.ts";
import type { InboundService } from "./inbound/inbound-types.ts";
import type { ActService } from "./pauses/act-types.ts";
import type { PauseService } from "./pauses/pause-types.ts";
import type { SlackService } from "./pauses/slack-answers.ts";
import type { JobService } from "./upkeep/jobs.ts";

export interface Engine {
  /** Take events from the tenant's publish rate, before they are published. Null: the tenant may publish them. */
  consumePublishRate(caller: Caller, events: number): TooFast | null | Promise<TooFast | null>;
  /** Throws `StoreUnavailable` while the store cannot commit, or while too many bytes wait for it. */
  publish(caller: Caller, input: PublishInput): Promise<PublishOutput>;
  readonly endpoints: EndpointService;
  readonly listeners: ListenerService;
  readonly events: Pick<Events, "list" | "listTypes">;
  readonly attempts: Pick<AttemptReader, "read">;
  readonly explanations: Pick<Explanations, "delivery" | "event" | "suppose">;
  readonly history: HistoryService;
  readonly statistics: StatisticsService;
  readonly ledger: LedgerService;
  readonly jobs: JobService;
  readonly access: AccessService;
  readonly auditLog: Pick<AuditLog, "list">;
  readonly sessions: SessionService;
  readonly users: UserService;
  readonly terminals: TerminalService;
  readonly pauses: PauseService;
  readonly slack: SlackService;
  readonly acts: ActService;
  readonly inbound: InboundService;
  readonly cursors: Cursors;
  readonly status: {
    /** Whether the server is still creating the first tenant, its key and the configured sources. */
    isStarting(): boolean;
    /** Whether a publish would be accepted now, and the reason when it would not. */
    ready(): { readonly ready: true } | { readonly ready: false; readonly reason: string };
    gauges(): EngineGauges;
    store(): Promise<StoreStats>;
    /** This node's number. */
    node(): number;
    /** The nodes that share the store, in the order in which they entered it. */
    nodes(): Promise<readonly (NodeView & { readonly isSelf: boolean })[]>;
    /** How many streams are open: the tenant's, or all. */
    streams(tenantSeq: Seq | null): number;
    /** Why the wall clock cannot be trusted now; null when it can. */
    clockDoubt(): string | null;
    isConfigured(channel: Channel): boolean;
    /** Send a test message to an address. */
    testChannel(channel: Channel, address: string): Promise<ChannelTestOutput>;
  };
}

export type ChannelTestOutput =
  | { readonly kind: "sent" }
  /** The channel refused the message, or could not be reached. `reason` is a sentence for people. */
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "addressRefused"; readonly reason: string }
  | { readonly kind: "busy" };

/** The engine's numbers for the metrics. */
export interface EngineGauges {
  readonly inFlight: number;
  readonly deliveriesInMemory: number;
  readonly payloadBytesInMemory: number;
  readonly lanes: number;
  readonly publishQueue: number;
  readonly settleQueue: number;
  /** How far the database's clock is ahead of this machine's. */
  readonly clockOffsetSeconds: number;
  /** How many nodes are alive, with this one. */
  readonly nodes: number;
  /** Deliveries that wait in the store, as counted once a minute. */
  readonly backlogReady: number;
  readonly backlogScheduled: number;
  readonly backlogHeld: number;
  readonly backlogOldestSeconds: number;
  readonly backlogReadySeconds: number;
}

/** Puts the engine together over a store and a sender, starts it and stops it. */
import type { HmacSha256 } from "../domain/formats/index.ts";
import { STOP_GRACE_MS } from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { Notifier } from "../ports/notifier.ts";
import type { AttemptReaders, Sender } from "../ports/sender.ts";
import type { SlackApp } from "../ports/slack.ts";
import type { Entered, NodeNaming, Store } from "../ports/store.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import { Access } from "./access/access.ts";
import { AuditLog } from "./access/audit-log.ts";
import type { Caller } from "./access/caller.ts";
import type { TooFast } from "./access/publish-rate.ts";
import { PublishRate } from "./access/publish-rate.ts";
import { Sessions } from "./access/sessions.ts";
import { Terminals } from "./access/terminals.ts";
import { Users } from "./access/users.ts";
import { Attempts } from "./delivery/attempts.ts";
import { Deliveries } from "./delivery/deliveries.ts";
import { Tokens } from "./delivery/lease-tokens.ts";
import { Publisher } from "./delivery/publish.ts";
import type { PublishInput, PublishOutput } from "./delivery/publish-types.ts";
import { AttemptTokens } from "./endpoints/attempt-tokens.ts";
import { createEndpoints } from "./endpoints/create-endpoints.ts";
import { Matching } from "./endpoints/matching.ts";
import type { Engine } from "./engine-types.ts";
import { AttemptReader } from "./history/attempt-details.ts";
import { Cursors } from "./history/cursors.ts";
import { Events } from "./history/events.ts";
import { Explanations } from "./history/explain/explanations.ts";
import { History } from "./history/history.ts";
import { Ledger } from "./history/ledger.ts";
import { backlogGauges, Statistics } from "./history/statistics.ts";
import { Streams } from "./history/streams.ts";
import { createInbound } from "./inbound/inbound.ts";
import { Acts } from "./pauses/acts.ts";
import { testChannel } from "./pauses/channel-tests.ts";
import { createPauses } from "./pauses/create-pauses.ts";
import { TenantActivity } from "./scheduling/tenant-activity.ts";
import { DatabaseClock } from "./upkeep/database-clock.ts";
import { forgetChanged } from "./upkeep/forget-changed.ts";
import { Jobs } from "./upkeep/jobs.ts";
import { Membership } from "./upkeep/membership.ts";
import { Outage } from "./upkeep/outage.ts";
import { Upkeep } from "./upkeep/upkeep.ts";

export interface EngineOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly sender: Sender;
  /** The other side of the sender's streams. */
  readonly readers: AttemptReaders;
  readonly telemetry: Telemetry;
  readonly hmac: HmacSha256;
  readonly userAgent: string;
  readonly retentionMs: number;
  /** How people tell this node from others. */
  readonly naming?: NodeNaming;
  /** The configured channels. */
  readonly notifiers: readonly Notifier[];
  /** The app through which people answer in Slack; null: not configured. */
  readonly slack: SlackApp | null;
  /** The URL at which people and programs reach the server, without a trailing slash. It is first read in `listening`. */
  readonly publicUrl: () => string;
}

/** Start the engine: this node enters the store, and the background work begins. */
export async function startEngine(options: EngineOptions): Promise<RunningEngine> {
  const { clock, store } = options;
  const entered = await store.enter(clock.now(), options.naming);
  clock.notBefore(entered.now);
  const { mark } = await store.changesSince(null);
  const parts = assemble(options, entered, mark);
  parts.pauses.start();
  parts.upkeep.start();
  parts.statistics.start();
  parts.deliveries.claims.discover();
  return new RunningEngine(parts);
}

/** How far the engine's start or stop has come. */
interface Phase {
  isListening: boolean;
  isStopping: boolean;
}

type Parts = ReturnType<typeof assemble>;
type Delivery = ReturnType<typeof assembleDelivery>;

/** Create all parts of the engine. None of them works yet. */
function assemble(options: EngineOptions, entered: Entered, changesMark: string) {
  const { clock, store, telemetry, retentionMs, publicUrl } = options;
  const phase: Phase = { isListening: false, isStopping: false };
  const delivery = assembleDelivery(options, entered);
  const { outage, activity, matching, streams, deliveries, publisher } = delivery;
  const { claims } = deliveries;
  const access = assembleAccess(options, () => {
    streams.close();
    listening.listeners.authorize();
    asking.waits.signalAll();
  });
  const asking = createPauses({ ...options, ...delivery, ...access, claims, linkKey: entered.linkKey });
  const isOpen = () => phase.isListening;
  const inbound = createInbound({ clock, store, telemetry, outage, activity, claims, streams, publicUrl, isOpen });
  const databaseClock = new DatabaseClock(clock, telemetry);
  const jobs = { work: () => upkeep.workOnJobs() };
  const onJob = () => upkeep.workOnJobs();
  const listening = createEndpoints({ ...options, ...delivery, onJob });
  const caches = { ...access, ...listening, matching, inbound, claims, deliveries, waits: asking.waits, jobs };
  const upkeep: Upkeep = new Upkeep({
    clock,
    databaseClock,
    store,
    deliveries,
    telemetry,
    outage,
    retentionMs,
    lastSeenAt: entered.lastSeenAt,
    changesMark,
    streams,
    onForeignChange: (change) => forgetChanged(caches, change),
    onDeadline: (at) => asking.pauses.endAt(at),
    membership: delivery.membership,
    onNodesChanged() {
      deliveries.run();
      streams.nodesChanged();
      if (phase.isListening) asking.notifications.start(); // of a node that is gone
    },
    enterAgain: () => enterAgain(options, delivery),
  });
  const isBusy = () => deliveries.inFlight > 0 || publisher.queueSize > 0;
  return {
    ...options,
    ...delivery,
    ...access,
    ...asking,
    databaseClock,
    phase,
    inbound,
    upkeep,
    ...listening,
    events: new Events(clock, store),
    attemptReader: new AttemptReader(options),
    explanations: new Explanations(clock, store),
    ...assembleActs(options, delivery, { ...asking, ...listening, onJob }),
    ledger: new Ledger({ store, clock, streams, isBusy }),
  };
}

/** What callers do to deliveries, and what agents do once a person has approved it. */
function assembleActs(
  { clock, store }: EngineOptions,
  { deliveries, streams }: Delivery,
  parts: Pick<Engine, "endpoints" | "pauses"> & { readonly onJob: () => void },
) {
  const history = new History(clock, store, deliveries, streams);
  const jobs = new Jobs({ store, clock, streams, ...parts });
  return { history, jobs, acts: new Acts({ store, clock, ...parts, history, jobs }) };
}

/** The other nodes have taken this one for dead, and do its work. What it holds is theirs. */
async function enterAgain(
  { clock, store, telemetry, naming }: EngineOptions,
  { deliveries, tokens }: Delivery,
): Promise<void> {
  deliveries.abandon();
  const { node, now } = await store.enter(clock.now(), naming);
  clock.notBefore(now);
  tokens.enter(node);
  telemetry.noticed({ level: "warn", what: "node_entered_again", fields: { node } });
}

/** The parts that publish and deliver. */
function assembleDelivery(options: EngineOptions, { node, linkKey }: Entered) {
  const { clock, store, telemetry, readers } = options;
  const cursors = new Cursors(linkKey);
  const outage = new Outage(clock, telemetry);
  const activity = new TenantActivity(clock);
  const tokens = new Tokens(node);
  const membership = new Membership(clock, store.notes !== null);
  const matching = new Matching(store);
  const streams = new Streams(store, clock, membership);
  const attemptTokens = new AttemptTokens(cursors);
  const attempts = new Attempts({ ...options, tokens: attemptTokens });
  const statistics = new Statistics({
    clock,
    store,
    inProgressOf: (tenantSeq) =>
      store.notes === null ? deliveries.lanePool.countOf(tenantSeq) : store.countInProgress(tenantSeq),
    onError: (error) => outage.report(error),
  });
  const deliveries: Deliveries = new Deliveries({
    clock,
    store,
    attempts,
    tokens,
    membership,
    readers,
    telemetry,
    outage,
    activity,
    onOutcome(delivery, endpoint, made, result) {
      statistics.count(delivery, made, result);
      streams.push(delivery, endpoint, made, result);
    },
    onDisabled(endpoint) {
      matching.changed(endpoint.tenantSeq);
      streams.announce(endpoint.tenantSeq, { topic: "endpoint", endpointId: endpoint.id, change: "disabled" });
      const fields = { endpoint: endpoint.id, tenant: endpoint.tenantId };
      telemetry.noticed({ level: "warn", what: "endpoint_disabled", fields });
    },
  });
  const publisher = new Publisher({ clock, store, matching, deliveries, tokens, telemetry, outage, activity, streams });
  outage.onChange(() =>
    streams.announceToAll({ topic: "status", ready: outage.reason === null, reason: outage.reason }),
  );
  const counting = { statistics, streams };
  const sending = { attempts, attemptTokens, deliveries, tokens, membership, cursors };
  return { outage, activity, matching, publisher, ...counting, ...sending };
}

/** Keys, tenants, users, sessions, and what callers did. */
function assembleAccess({ clock, store }: EngineOptions, onChanged: () => void) {
  const publishRate = new PublishRate(store, clock);
  const access = new Access({
    store,
    clock,
    onKeysChanged: onChanged,
    onQuotasChanged: (tenantSeq) => publishRate.forget(tenantSeq),
  });
  const sessions = new Sessions({ store, clock, onSessionsChanged: onChanged });
  const users = new Users(store, clock, () => sessions.forget());
  return {
    publishRate,
    access,
    auditLog: new AuditLog(store),
    sessions,
    users,
    terminals: new Terminals(store, clock),
  };
}

export class RunningEngine implements Engine {
  readonly endpoints: Engine["endpoints"];
  readonly listeners: Engine["listeners"];
  readonly events: Engine["events"];
  readonly attempts: Engine["attempts"];
  readonly explanations: Engine["explanations"];
  readonly history: Engine["history"];
  readonly statistics: Engine["statistics"];
  readonly ledger: Engine["ledger"];
  readonly jobs: Engine["jobs"];
  readonly access: Engine["access"];
  readonly auditLog: Engine["auditLog"];
  readonly sessions: Engine["sessions"];
  readonly users: Engine["users"];
  readonly terminals: Engine["terminals"];
  readonly pauses: Engine["pauses"];
  readonly slack: Engine["slack"];
  readonly acts: Engine["acts"];
  readonly inbound: Engine["inbound"];
  readonly cursors: Engine["cursors"];
  readonly status: Engine["status"];
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.endpoints = parts.endpoints;
    this.listeners = parts.listeners;
    this.events = parts.events;
    this.attempts = parts.attemptReader;
    this.explanations = parts.explanations;
    this.history = parts.history;
    this.statistics = parts.statistics;
    this.ledger = parts.ledger;
    this.jobs = parts.jobs;
    this.access = parts.access;
    this.auditLog = parts.auditLog;
    this.sessions = parts.sessions;
    this.users = parts.users;
    this.terminals = parts.terminals;
    this.pauses = parts.pauses;
    this.slack = parts.slackAnswers;
    this.acts = parts.acts;
    this.inbound = parts.inbound;
    this.cursors = parts.cursors;
    this.status = statusOf(parts);
  }

  consumePublishRate({ tenantSeq }: Caller, events: number): TooFast | null | Promise<TooFast | null> {
    return this.#parts.publishRate.consume(tenantSeq, events);
  }

  publish(caller: Caller, input: PublishInput): Promise<PublishOutput> {
    return this.#parts.publisher.publish(caller, input);
  }

  /** The server listens, and the store is bootstrapped. From now on links to the server may be sent to people. */
  listening(): void {
    this.#parts.phase.isListening = true;
    this.#parts.notifications.start();
  }

  /** End streams and exports. From now on the readiness check says that the server is stopping. */
  prepareStop(): void {
    const { phase, streams, ledger, listeners, waits } = this.#parts;
    phase.isStopping = true;
    streams.close();
    listeners.close();
    ledger.close();
    waits.close();
  }

  /** Wait for the attempts in flight, give leases back, and store all results. The store stays open. */
  async stop(): Promise<void> {
    const { phase, streams, ledger, deliveries, publisher, inbound, notifications, outage } = this.#parts;
    phase.isStopping = true;
    streams.close();
    ledger.close();
    deliveries.halt();
    const told = Promise.all([notifications.stop(), this.#parts.slackAnswers.stop()]);
    await Promise.all([publisher.drained(), inbound.drained()]);
    await Promise.all([deliveries.claims.stop(), this.#parts.upkeep.stop(), this.#parts.pauses.stop()]);
    const released = deliveries.releaseAll();
    await deliveries.attemptsDone(STOP_GRACE_MS, () => {
      this.#parts.sender.abortAll();
      outage.stop(); // a result that cannot be stored is given up: the next start sends the delivery again
    });
    await told; // has the same grace period, in which results can still be stored
    outage.stop();
    await released;
    await deliveries.flush();
    await deliveries.releaseAll();
    await this.#parts.statistics.stop();
    await this.#leave();
    deliveries.close();
  }

  /** If the store cannot hear it, the other nodes will notice the silence. */
  async #leave(): Promise<void> {
    const { clock, outage, store } = this.#parts;
    await store.leave(clock.now()).catch((error) => outage.report(error));
  }
}

function statusOf(parts: Parts): Engine["status"] {
  const { phase, databaseClock, membership, outage, store, deliveries, publisher, streams, upkeep, notifications } =
    parts;
  const { statistics } = parts;
  return {
    isStarting: () => !phase.isListening,
    ready() {
      if (phase.isStopping) return { ready: false, reason: "the server is stopping" };
      return outage.reason === null ? { ready: true } : { ready: false, reason: outage.reason };
    },
    gauges: () => ({
      ...backlogGauges(statistics.totalBacklog()),
      inFlight: deliveries.inFlight,
      deliveriesInMemory: deliveries.lanePool.leases.size,
      payloadBytesInMemory: deliveries.lanePool.bytes,
      lanes: deliveries.lanePool.size,
      publishQueue: publisher.queueSize,
      settleQueue: deliveries.settleQueueSize,
      clockOffsetSeconds: databaseClock.offsetMs / 1000,
      nodes: membership.count,
    }),
    store: () => store.stats(),
    node: () => parts.tokens.node,
    nodes: async () => (await store.listNodes()).map((node) => ({ ...node, isSelf: node.node === parts.tokens.node })),
    streams: (tenantSeq) => streams.count(tenantSeq),
    clockDoubt: () => upkeep.clockDoubt,
    isConfigured: (channel) => notifications.isConfigured(channel),
    testChannel: (channel, address) => testChannel(parts, channel, address),
  };
}

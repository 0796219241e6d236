/** Puts the engine together over a store and a sender, starts it and stops it. */
import type { HmacSha256 } from "../domain/formats/index.ts";
import { STOP_GRACE_MS } from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { Notifier } from "../ports/notifier.ts";
import type { Sender } from "../ports/sender.ts";
import type { Store } from "../ports/store.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import { Access } from "./access/access.ts";
import { PublishRate } from "./access/publish-rate.ts";
import { Sessions } from "./access/sessions.ts";
import { Attempts } from "./delivery/attempts.ts";
import { Deliveries } from "./delivery/deliveries.ts";
import { Tokens } from "./delivery/lease-tokens.ts";
import { Publisher } from "./delivery/publish.ts";
import { Endpoints } from "./endpoints/endpoints.ts";
import { Matching } from "./endpoints/matching.ts";
import type { Engine } from "./engine-types.ts";
import { Cursors } from "./history/cursors.ts";
import { History } from "./history/history.ts";
import { Ledger } from "./history/ledger.ts";
import { Streams } from "./history/streams.ts";
import { createInbound } from "./inbound/inbound.ts";
import { Notifications } from "./pauses/notifications.ts";
import { Pauses } from "./pauses/pauses.ts";
import { RespondLinks } from "./pauses/respond-links.ts";
import { Waits } from "./pauses/waits.ts";
import { forgetChanged } from "./upkeep/forget-changed.ts";
import { Outage } from "./upkeep/outage.ts";
import { Upkeep } from "./upkeep/upkeep.ts";

export interface EngineOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly sender: Sender;
  readonly telemetry: Telemetry;
  readonly hmac: HmacSha256;
  readonly userAgent: string;
  readonly retentionMs: number;
  /** The channels that are configured. */
  readonly notifiers: readonly Notifier[];
  /** How people and programs reach the server, without a slash at its end; asked from `listening` on. */
  readonly publicUrl: () => string;
}

export interface RunningEngine extends Engine {
  /** The server listens, and the store is bootstrapped: requests are carried out, links to it can be sent to people. */
  listening(): void;
  /** End streams and exports; from now on readiness says that the server stops. */
  prepareStop(): void;
  /** Let attempts on the wire finish, give leases back, write everything down. The store stays open. */
  stop(): Promise<void>;
}

export async function startEngine(options: EngineOptions): Promise<RunningEngine> {
  const { clock, store, sender, telemetry } = options;
  const entered = await store.enter(clock.now());
  clock.notBefore(entered.now);
  const { mark: changesMark } = await store.changesSince(null);
  let listening = false;
  const outage = new Outage(clock, telemetry);
  const tokens = new Tokens(entered.node);
  const matching = new Matching(store);
  const streams = new Streams(store);
  const attempts = new Attempts(options);
  const publishRate = new PublishRate(store, clock);
  const access = new Access({
    store,
    clock,
    onKeysChanged: () => streams.close(),
    onQuotasChanged: (tenantSeq) => publishRate.forget(tenantSeq),
  });
  const sessions = new Sessions({ store, clock, onSessionsChanged: () => streams.close() });
  const deliveries = new Deliveries({
    clock,
    store,
    attempts,
    tokens,
    telemetry,
    outage,
    onOutcome: (delivery, endpoint, made, result) => streams.push(delivery, endpoint, made, result),
    onDisabled(endpoint) {
      matching.changed(endpoint.tenantSeq);
      const fields = { endpoint: endpoint.id, tenant: endpoint.tenantId };
      telemetry.noticed({ level: "warn", what: "endpoint_disabled", fields });
    },
  });
  const publisher = new Publisher({ clock, store, matching, deliveries, tokens, telemetry, outage });
  const isBusy = () => deliveries.inFlight > 0 || publisher.queueSize > 0;
  const ledger = new Ledger({ store, clock, isBusy });
  const links = new RespondLinks(entered.linkKey);
  const { publicUrl } = options;
  const respondUrl = (token: string): string => `${publicUrl()}/respond/${token}`;
  const waits = new Waits(clock);
  const notifications = new Notifications({
    clock,
    store,
    telemetry,
    outage,
    notifiers: options.notifiers,
    respondUrl: (pause) => respondUrl(links.tokenOf(pause)),
  });
  const { claims } = deliveries;
  const pauses = new Pauses({ clock, store, outage, claims, notifications, links, waits, respondUrl });
  pauses.start();
  const inbound = createInbound({ clock, store, outage, claims, publicUrl, isOpen: () => listening });
  const caches = { matching, access, publishRate, sessions, inbound, claims, waits };
  const upkeep = new Upkeep({
    clock,
    store,
    deliveries,
    telemetry,
    outage,
    retentionMs: options.retentionMs,
    lastSeenAt: entered.lastSeenAt,
    changesMark,
    onForeignChange: (change) => forgetChanged(caches, change),
  });
  upkeep.start();
  let stopping = false;
  deliveries.claims.discover();

  return {
    admit: ({ tenantSeq }, events) => publishRate.admit(tenantSeq, events),
    publish: (caller, input) => publisher.publish(caller, input),
    endpoints: new Endpoints({
      clock,
      store,
      sender,
      matching,
      deliveries,
      attempts,
      onJob: () => upkeep.workOnJobs(),
    }),
    history: new History(clock, store, deliveries, streams),
    ledger,
    access,
    sessions,
    pauses,
    inbound,
    cursors: new Cursors(entered.linkKey),
    status: {
      isStarting: () => !listening,
      ready() {
        if (stopping) return { ready: false, reason: "the server is stopping" };
        return outage.reason === null ? { ready: true } : { ready: false, reason: outage.reason };
      },
      gauges: () => ({
        inFlight: deliveries.inFlight,
        heldInMemory: deliveries.lanePool.leases.size,
        heldBytes: deliveries.lanePool.bytes,
        lanes: deliveries.lanePool.size,
        publishQueue: publisher.queueSize,
        settleQueue: deliveries.settleQueueSize,
      }),
      store: () => store.stats(),
    },
    listening() {
      listening = true;
      notifications.start();
    },
    prepareStop() {
      stopping = true;
      streams.close();
      ledger.close();
      waits.close();
    },
    async stop() {
      stopping = true;
      streams.close();
      ledger.close();
      deliveries.halt();
      const notified = notifications.stop();
      await Promise.all([publisher.drained(), inbound.drained()]);
      await Promise.all([deliveries.claims.stop(), upkeep.stop(), pauses.stop()]);
      const givenBack = deliveries.giveBackAll();
      await deliveries.landed(STOP_GRACE_MS, () => {
        sender.abortAll();
        outage.stop(); // what ended and cannot be written is sent again after the next start
      });
      await notified; // has the same grace period, in which results can still be stored
      outage.stop();
      await givenBack;
      await deliveries.flush();
      await deliveries.giveBackAll();
      deliveries.close();
    },
  };
}

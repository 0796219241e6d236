/** Puts the engine together over a store and a sender, starts it and stops it. */
import type { HmacSha256 } from "../domain/formats/index.ts";
import { STOP_GRACE_MS } from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { Notifier } from "../ports/notifier.ts";
import type { Sender } from "../ports/sender.ts";
import type { Store } from "../ports/store.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import { createAccess } from "./access/access.ts";
import { createPace } from "./access/publish-rate.ts";
import { createSessions } from "./access/sessions.ts";
import { Attempts } from "./delivery/attempts.ts";
import { Deliveries } from "./delivery/deliveries.ts";
import { Tokens } from "./delivery/lease-tokens.ts";
import { Publisher } from "./delivery/publish.ts";
import { createEndpoints } from "./endpoints/endpoints.ts";
import { createMatching } from "./endpoints/matching.ts";
import type { Engine } from "./engine-types.ts";
import { createCursors } from "./history/cursors.ts";
import { createHistory } from "./history/history.ts";
import { createLedger } from "./history/ledger.ts";
import { createStreams } from "./history/stream.ts";
import { createInbound } from "./inbound/inbound.ts";
import { createNotifications } from "./pauses/notifications.ts";
import { startPauses } from "./pauses/pauses.ts";
import { createRespondLinks } from "./pauses/respond-links.ts";
import { createWaits } from "./pauses/waits.ts";
import { forgetChanged } from "./upkeep/forget-changed.ts";
import { createOutage } from "./upkeep/outage.ts";
import { startUpkeep } from "./upkeep/upkeep.ts";

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
  const outage = createOutage(clock, telemetry);
  const tokens = new Tokens(entered.node);
  const matching = createMatching(store);
  const streams = createStreams(store);
  const attempts = new Attempts(options);
  const pace = createPace(store, clock);
  const access = createAccess(store, clock, streams.close, pace.forget);
  const sessions = createSessions(store, clock, streams.close);
  const deliveries = new Deliveries({
    clock,
    store,
    attempts,
    tokens,
    telemetry,
    outage,
    onOutcome: streams.tell,
    onDisabled(endpoint) {
      matching.changed(endpoint.tenantSeq);
      const fields = { endpoint: endpoint.id, tenant: endpoint.tenantId };
      telemetry.noticed({ level: "warn", what: "endpoint_disabled", fields });
    },
  });
  const publisher = new Publisher({ clock, store, matching, deliveries, tokens, telemetry, outage });
  const isBusy = () => deliveries.inFlight > 0 || publisher.queueSize > 0;
  const ledger = createLedger(store, clock, isBusy);
  const links = createRespondLinks(entered.linkKey);
  const { publicUrl } = options;
  const respondUrl = (token: string): string => `${publicUrl()}/respond/${token}`;
  const waits = createWaits(clock);
  const notifications = createNotifications({
    clock,
    store,
    telemetry,
    outage,
    notifiers: options.notifiers,
    respondUrl: (pause) => respondUrl(links.tokenOf(pause)),
  });
  const { claims } = deliveries;
  const pauses = startPauses({ clock, store, outage, claims, notifications, links, waits, respondUrl });
  const inbound = createInbound({ clock, store, outage, claims, publicUrl, isOpen: () => listening });
  const upkeep = startUpkeep({
    clock,
    store,
    deliveries,
    telemetry,
    outage,
    retentionMs: options.retentionMs,
    lastSeenAt: entered.lastSeenAt,
    changesMark,
    onForeignChange: (change) => forgetChanged({ matching, access, pace, sessions, inbound, claims, waits }, change),
  });
  let stopping = false;
  deliveries.claims.discover();

  return {
    admit: ({ tenantSeq }, events) => pace.admit(tenantSeq, events),
    publish: (caller, input) => publisher.publish(caller, input),
    endpoints: createEndpoints({
      clock,
      store,
      sender,
      matching,
      deliveries,
      attempts,
      onJob: upkeep.workOnJobs,
    }),
    history: createHistory(clock, store, deliveries, streams),
    ledger,
    access,
    sessions,
    pauses,
    inbound,
    cursors: createCursors(entered.linkKey),
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
      const told = notifications.stop();
      await Promise.all([publisher.drained(), inbound.drained()]);
      await Promise.all([deliveries.claims.stop(), upkeep.stop(), pauses.stop()]);
      const givenBack = deliveries.giveBackAll();
      await deliveries.landed(STOP_GRACE_MS, () => {
        sender.abortAll();
        outage.stop(); // what ended and cannot be written is sent again after the next start
      });
      await told; // ends in the same grace; until then what was sent may still get written down
      outage.stop();
      await givenBack;
      await deliveries.flush();
      await deliveries.giveBackAll();
      deliveries.close();
    },
  };
}

/** Telling people of pauses. Each channel is a lane of its own: a mail server that is down holds up no Slack message. */

import { requesterOf } from "../../domain/access/tenant.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import { NOTIFICATION_REASON_CHARS_MAX, STOP_GRACE_MS, TIMER_MS_MAX } from "../../domain/limits.ts";
import { type Channel, notificationWaitMs, type Pause } from "../../domain/pauses/pause.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { Notified, Notifier } from "../../ports/notifier.ts";
import type { ClaimedNotification, SettleNotification, Store } from "../../ports/store.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import type { Outage } from "../upkeep/outage.ts";

export interface Notifications {
  isConfigured(channel: Channel): boolean;
  addressFault(channel: Channel, address: string): Promise<string | null>;
  /** Something may be due. */
  wake(channel: Channel): void;
  /** Begin: links can be made from now on. */
  start(): void;
  /** Let what is on the wire finish, for `STOP_GRACE_MS` at most. */
  stop(): Promise<void>;
}

export interface NotificationsOptions {
  readonly clock: Clock;
  readonly store: Pick<Store, "claimNotifications" | "settleNotification">;
  readonly telemetry: Telemetry;
  readonly outage: Outage;
  readonly notifiers: readonly Notifier[];
  readonly respondUrl: (pause: Pause) => string;
}

/** The wait after a claim that the store could not carry out. */
const AFTER_ERROR_MS = 1000;

export function createNotifications(options: NotificationsOptions): Notifications {
  const lanes = new Map(options.notifiers.map((notifier) => [notifier.channel, createLane(notifier, options)]));
  const each = (act: (lane: Lane) => void): void => lanes.forEach(act);
  return {
    isConfigured: (channel) => lanes.has(channel),
    async addressFault(channel, address) {
      const notifier = options.notifiers.find((one) => one.channel === channel);
      return notifier === undefined ? null : notifier.addressFault(address);
    },
    wake: (channel) => lanes.get(channel)?.wake(),
    start: () => each((lane) => lane.wake()),
    async stop() {
      await Promise.all([...lanes.values()].map((lane) => lane.stop()));
    },
  };
}

interface Lane {
  wake(): void;
  stop(): Promise<void>;
}

function createLane(notifier: Notifier, options: NotificationsOptions): Lane {
  const { clock, store, telemetry, outage } = options;
  const { channel } = notifier;
  const onWire = new Set<Promise<void>>();
  let timer: Timer | null = null;
  let claiming: Promise<void> | null = null;
  /** Woken while it was claiming: what it was woken for may have come too late for that claim. */
  let again = false;
  let stopped = false;
  let outOfTime = false;
  /** Tenants take turns: the one that had the last. */
  let lastTenant: Seq = 0;

  function wake(): void {
    if (stopped) return;
    if (claiming !== null) {
      again = true;
      return;
    }
    again = false;
    timer?.cancel();
    claiming = claim()
      .catch((error) => {
        outage.report(error);
        wakeAt(clock.now() + AFTER_ERROR_MS);
      })
      .finally(() => {
        claiming = null;
        if (again) wake();
      });
  }

  function wakeAt(at: EpochMs): void {
    timer?.cancel();
    if (stopped) return;
    timer = clock.after(Math.min(Math.max(at - clock.now(), 0), TIMER_MS_MAX), wake);
  }

  async function claim(): Promise<void> {
    const limit = notifier.atOnceMax - onWire.size;
    if (limit <= 0) return; // one of those on the wire wakes the lane when it ends
    const request = { channel, now: clock.now(), limit, afterTenant: lastTenant };
    const { claimed, nextAt, lastTenant: reached } = await store.claimNotifications(request);
    lastTenant = reached;
    for (const notification of claimed) {
      const sending = tell(notification).finally(() => {
        onWire.delete(sending);
        wake();
      });
      onWire.add(sending);
    }
    wakeAt(nextAt ?? clock.now() + TIMER_MS_MAX);
  }

  async function tell({ pause, attempts }: ClaimedNotification): Promise<void> {
    const notified = stopped ? ABORTED : await notifier.notify(notificationOf(pause));
    const fields = { pause: pause.id, tenant: pause.tenantId, channel, outcome: notified.kind };
    const reason = "reason" in notified ? notified.reason : null;
    telemetry.noticed({
      level: reason === null ? "info" : "warn",
      what: "notification",
      fields: { ...fields, reason },
    });
    const settlement = { pauseId: pause.id, now: clock.now(), outcome: outcomeOf(notified, attempts) };
    await settle(settlement);
  }

  function notificationOf(pause: Pause) {
    const { message, options: choices, allowTextResponse, timeoutDefault, expiresAt, createdAt } = pause;
    return {
      pauseId: pause.id,
      address: pause.recipient?.address ?? "",
      requester: requesterOf(pause.tenantName),
      message,
      options: choices,
      allowTextResponse,
      timeoutDefault,
      expiresAt,
      createdAt,
      respondUrl: options.respondUrl(pause),
    };
  }

  function outcomeOf(notified: Notified, attempts: number): SettleNotification["outcome"] {
    if (notified.kind === "sent") return { kind: "sent" };
    if (notified.kind === "aborted") return { kind: "returned" };
    const reason = notified.reason.slice(0, NOTIFICATION_REASON_CHARS_MAX);
    const waitMs = notified.kind === "failed" ? null : notificationWaitMs(attempts, clock.random());
    if (notified.kind === "failed" || waitMs === null) return { kind: "failed", reason };
    return { kind: "again", reason, at: clock.now() + Math.max(waitMs, notified.retryAfterMs ?? 0) };
  }

  /** Until it is written down, or the grace of a stop is over: a message that went out must not go out again. */
  async function settle(settlement: SettleNotification): Promise<void> {
    for (;;) {
      try {
        return await store.settleNotification(settlement);
      } catch (error) {
        if ((await outage.wait(error)) === "giveUp" || outOfTime) return;
      }
    }
  }

  return {
    wake,
    async stop() {
      stopped = true;
      timer?.cancel();
      await claiming;
      const cut = clock.after(STOP_GRACE_MS, () => {
        outOfTime = true;
        void notifier.close();
      });
      await Promise.all(onWire);
      cut.cancel();
      await notifier.close();
    },
  };
}

const ABORTED: Notified = { kind: "aborted" };

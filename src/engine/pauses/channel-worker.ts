/** One channel's notifications: claims those that are due, sends them and stores the results. */
import { requesterOf } from "../../domain/access/tenant.ts";
import type { Seq } from "../../domain/ids.ts";
import { NOTIFICATION_REASON_CHARS_MAX, STOP_GRACE_MS, TIMER_MS_MAX } from "../../domain/limits.ts";
import { notificationWaitMs, type Pause } from "../../domain/pauses/pause.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Notification, Notified, Notifier } from "../../ports/notifier.ts";
import type { ClaimedNotification, SettleNotification, Store } from "../../ports/store.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import type { Streams } from "../history/streams.ts";
import { RepeatingTask } from "../scheduling/repeating-task.ts";
import type { Outage } from "../upkeep/outage.ts";
import type { SlackButtons } from "./slack-buttons.ts";

export interface ChannelWorkerOptions {
  readonly clock: Clock;
  readonly store: Pick<Store, "claimNotifications" | "settleNotification">;
  readonly telemetry: Telemetry;
  readonly outage: Outage;
  readonly streams: Pick<Streams, "announce">;
  readonly respondUrl: (pause: Pause) => string;
  readonly consoleUrl: (pause: Pause) => string;
  /** Null: people cannot answer in Slack. */
  readonly slackButtons: SlackButtons | null;
}

/** The wait after a claim that failed. */
const CLAIM_RETRY_MS = 1000;
const COUNTED_AS = { sent: "sent", again: "retried", failed: "failed" } as const;
const ABORTED: Notified = { kind: "aborted" };

export class ChannelWorker {
  readonly #notifier: Notifier;
  readonly #options: ChannelWorkerOptions;
  readonly #claims: RepeatingTask;
  readonly #inFlight = new Set<Promise<void>>();
  /** The tenant that the last claim ended with: tenants take turns. */
  #lastTenant: Seq = 0;
  #stopping = false;
  #graceIsOver = false;

  constructor(notifier: Notifier, options: ChannelWorkerOptions) {
    this.#notifier = notifier;
    this.#options = options;
    this.#claims = new RepeatingTask({
      clock: options.clock,
      run: () => this.#claim(),
      onError: (error) => options.outage.report(error),
      retryMs: CLAIM_RETRY_MS,
    });
  }

  /** A notification may be due. */
  wake(): void {
    this.#claims.wake();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#claims.stop();
    const grace = this.#options.clock.after(STOP_GRACE_MS, () => {
      this.#graceIsOver = true;
      void this.#notifier.close();
    });
    await Promise.all(this.#inFlight);
    grace.cancel();
    await this.#notifier.close();
  }

  /** Resolves to the wait before the next claim; null when the end of a message in flight starts it. */
  async #claim(): Promise<number | null> {
    const { clock, store } = this.#options;
    const limit = this.#notifier.atOnceMax - this.#inFlight.size;
    if (limit <= 0) return null;
    const { channel } = this.#notifier;
    const request = { channel, now: clock.now(), limit, afterTenant: this.#lastTenant };
    const { claimed, nextAt, lastTenant } = await store.claimNotifications(request);
    this.#lastTenant = lastTenant;
    for (const notification of claimed) this.#send(notification);
    const waitMs = nextAt === null ? TIMER_MS_MAX : nextAt - clock.now();
    return Math.min(Math.max(waitMs, 0), TIMER_MS_MAX);
  }

  #send(claimed: ClaimedNotification): void {
    const sending = this.#notify(claimed).finally(() => {
      this.#inFlight.delete(sending);
      this.wake();
    });
    this.#inFlight.add(sending);
  }

  async #notify(claimed: ClaimedNotification): Promise<void> {
    const { pause, attempts } = claimed;
    const { clock, telemetry } = this.#options;
    const notified = this.#stopping ? ABORTED : await this.#notifier.notify(this.#notificationOf(claimed));
    const reason = "reason" in notified ? notified.reason : null;
    telemetry.noticed({
      level: reason === null ? "info" : "warn",
      what: "notification",
      fields: {
        pause: pause.id,
        tenant: pause.tenantId,
        channel: this.#notifier.channel,
        outcome: notified.kind,
        reason,
      },
    });
    const outcome = this.#outcomeOf(notified, attempts);
    const { channel } = this.#notifier;
    if (outcome.kind !== "released") {
      telemetry.counted({ what: "notification", channel, outcome: COUNTED_AS[outcome.kind] });
    }
    await this.#settle({ pauseId: pause.id, now: clock.now(), outcome });
    this.#options.streams.announce(pause.tenantSeq, { topic: "pause", pauseId: pause.id, status: "pending" });
  }

  /** Retries until the result is stored or the grace period is over: a message that was sent must not be sent again. */
  async #settle(settlement: SettleNotification): Promise<void> {
    const { outage, store } = this.#options;
    for (;;) {
      try {
        return await store.settleNotification(settlement);
      } catch (error) {
        if ((await outage.wait(error)) === "giveUp" || this.#graceIsOver) return;
      }
    }
  }

  #outcomeOf(notified: Notified, attempts: number): SettleNotification["outcome"] {
    if (notified.kind === "sent") return { kind: "sent" };
    if (notified.kind === "aborted") return { kind: "released" };
    const { clock } = this.#options;
    const reason = notified.reason.slice(0, NOTIFICATION_REASON_CHARS_MAX);
    const waitMs = notified.kind === "failed" ? null : notificationWaitMs(attempts, clock.random());
    if (notified.kind === "failed" || waitMs === null) return { kind: "failed", reason };
    return { kind: "again", reason, at: clock.now() + Math.max(waitMs, notified.retryAfterMs ?? 0) };
  }

  #notificationOf({ pause, to, reminder }: ClaimedNotification): Notification {
    const { message, options, details, allowTextResponse, timeoutDefault, expiresAt, createdAt } = pause;
    return {
      pauseId: pause.id,
      address: to?.email ?? pause.recipient?.address ?? "",
      reminder,
      requester: requesterOf(pause),
      message,
      options,
      details,
      allowTextResponse,
      timeoutDefault,
      quorum: pause.plan?.quorum ?? 1,
      expiresAt,
      createdAt,
      signInRequired: pause.signIn !== null,
      consoleUrl: this.#options.consoleUrl(pause),
      respondUrl: this.#options.respondUrl(pause),
      slackValues: this.#slackValues(pause),
    };
  }

  #slackValues({ id, options, recipient, signIn }: Pause): readonly string[] | null {
    const { slackButtons: buttons } = this.#options;
    if (buttons === null || recipient?.channel !== "slack" || signIn?.protected === true) return null;
    return options.map((_, option) => buttons.valueOf({ step: "choose", pauseId: id, option }));
  }
}

/** Notifies people of pauses, through one lane per channel: a mail server that is down delays no Slack message. */

import { CHANNEL_TESTS_IN_FLIGHT_MAX } from "../../domain/limits.ts";
import type { Channel } from "../../domain/pauses/pause.ts";
import type { Notification, Notified, Notifier } from "../../ports/notifier.ts";
import { ChannelWorker, type ChannelWorkerOptions } from "./channel-worker.ts";

export interface NotificationsOptions extends ChannelWorkerOptions {
  /** The configured channels. */
  readonly notifiers: readonly Notifier[];
}

export class Notifications {
  readonly #notifiers: ReadonlyMap<Channel, Notifier>;
  readonly #lanes: ReadonlyMap<Channel, ChannelWorker>;
  /** Tests in flight. */
  #tests = 0;

  constructor({ notifiers, ...options }: NotificationsOptions) {
    this.#notifiers = new Map(notifiers.map((notifier) => [notifier.channel, notifier]));
    this.#lanes = new Map(notifiers.map((notifier) => [notifier.channel, new ChannelWorker(notifier, options)]));
  }

  isConfigured(channel: Channel): boolean {
    return this.#lanes.has(channel);
  }

  /** Why this address cannot be notified; null when it can be tried, or when the channel is not configured. */
  async addressFault(channel: Channel, address: string): Promise<string | null> {
    return (await this.#notifiers.get(channel)?.addressFault(address)) ?? null;
  }

  /** Send one message that belongs to no pause; null when the channel is not configured or sends its maximum of these. */
  async sendTest(channel: Channel, message: Notification): Promise<Notified | null> {
    const notifier = this.#notifiers.get(channel);
    if (notifier === undefined || this.#tests >= CHANNEL_TESTS_IN_FLIGHT_MAX) return null;
    this.#tests += 1;
    try {
      return await notifier.notify(message);
    } finally {
      this.#tests -= 1;
    }
  }

  /** A notification of this channel may be due. */
  wake(channel: Channel): void {
    this.#lanes.get(channel)?.wake();
  }

  /** Start sending. The server must be able to make links by now. */
  start(): void {
    for (const lane of this.#lanes.values()) lane.wake();
  }

  /** Wait for the messages in flight, for at most `STOP_GRACE_MS`. */
  async stop(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.stop()));
  }
}

/** The simulated notification channels: who was notified of what and when, and which result the server got. */
import type { EpochMs, Uuid } from "../../../src/domain/ids.ts";
import type { Channel } from "../../../src/domain/pauses/pause.ts";
import type { Notification, Notified, Notifier } from "../../../src/ports/notifier.ts";
import type { Random } from "../random.ts";
import type { ProcessTimeline, Timeline } from "../timeline.ts";

/** A low limit, so that some notifications wait for others. */
export const AT_ONCE_MAX = 3;

/** The current behavior of a channel. */
export const CHANNEL_MODES = ["healthy", "flaky", "down", "refusing", "lossy", "slow"] as const;
export type ChannelMode = (typeof CHANNEL_MODES)[number];

/** `sms` is not configured. */
export const CONFIGURED: readonly Channel[] = ["email", "slack"];

/** Addresses with this prefix are invalid. */
export const REFUSED_ADDRESS = "nobody";

/** One attempt to notify a recipient, seen from outside the process. */
export interface SentNotification {
  readonly number: number;
  readonly process: number;
  /** The process's number in the store. */
  readonly node: number;
  readonly channel: Channel;
  readonly pauseId: Uuid;
  readonly notification: Notification;
  /** By the process's clock. */
  readonly startedAt: EpochMs;
  /** When the notification reached the recipient, or null if it never did. */
  arrivedMs: number | null;
  /** The result that the server got, or null if it still waits or its process ended first. */
  heard: Notified | null;
  /** By the process's clock. */
  heardAt: EpochMs;
}

export interface Channels {
  readonly notifications: SentNotification[];
  setMode(channel: Channel, mode: ChannelMode): void;
  connect(client: ChannelsClient): Notifier[];
}

export interface ChannelsClient {
  readonly process: number;
  readonly node: () => number;
  readonly timeline: ProcessTimeline;
  readonly now: () => EpochMs;
  readonly onStart: (sent: SentNotification) => void;
  readonly onHeard: (sent: SentNotification) => void;
}

interface Plan {
  readonly arrivesAfterMs: number | null;
  readonly endsAfterMs: number;
  readonly notified: Notified;
}

export function createChannels({ timeline, random }: { timeline: Timeline; random: Random }): Channels {
  const medium: Medium = { timeline, random, notifications: [], modes: new Map() };
  return {
    notifications: medium.notifications,
    setMode: (channel, mode) => void medium.modes.set(channel, mode),
    connect: (client) => CONFIGURED.map((channel) => openChannel(medium, channel, client)),
  };
}

/** What the channels share. */
interface Medium {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly notifications: SentNotification[];
  readonly modes: Map<Channel, ChannelMode>;
}

function openChannel(
  { timeline, random, notifications, modes }: Medium,
  channel: Channel,
  client: ChannelsClient,
): Notifier {
  const stops = new Set<() => void>();

  function notify(notification: Notification): Promise<Notified> {
    const sent = record(client, channel, notification, notifications.length);
    notifications.push(sent);
    client.onStart(sent);
    const plan = planFor(modes.get(channel) ?? "healthy", random);
    const arrival =
      plan.arrivesAfterMs === null
        ? null
        : timeline.after(plan.arrivesAfterMs, () => {
            sent.arrivedMs = timeline.nowMs;
          });
    return new Promise((resolve) => {
      const hear = (notified: Notified) => {
        if (!stops.delete(stop)) return;
        sent.heard = notified;
        sent.heardAt = client.now();
        client.onHeard(sent);
        resolve(notified);
      };
      // A notification that has arrived cannot be recalled, so the channel still reports it.
      const stop = () => {
        if (sent.arrivedMs === null) arrival?.cancel();
        hear(sent.arrivedMs === null ? { kind: "aborted" } : plan.notified);
      };
      stops.add(stop);
      client.timeline.after(plan.endsAfterMs, () => hear(plan.notified));
    });
  }

  return {
    channel,
    atOnceMax: AT_ONCE_MAX,
    notify,
    addressFault(address) {
      const fault = address.startsWith(REFUSED_ADDRESS) ? "nobody is there" : null;
      return new Promise((resolve) => client.timeline.after(random.between(0, 3), () => resolve(fault)));
    },
    close() {
      for (const stop of [...stops]) stop();
      return Promise.resolve();
    },
  };
}

function record(
  client: ChannelsClient,
  channel: Channel,
  notification: Notification,
  number: number,
): SentNotification {
  return {
    number,
    process: client.process,
    node: client.node(),
    channel,
    pauseId: notification.pauseId,
    notification,
    startedAt: client.now(),
    arrivedMs: null,
    heard: null,
    heardAt: 0,
  };
}

function planFor(mode: ChannelMode, random: Random): Plan {
  const quickMs = random.between(1, 300);
  const sent = (afterMs: number): Plan => ({
    arrivesAfterMs: afterMs / 2,
    endsAfterMs: afterMs,
    notified: { kind: "sent" },
  });
  const again = (afterMs: number): Plan => {
    const retryAfterMs = random.chance(0.3) ? random.below(20_000) : null;
    return { arrivesAfterMs: null, endsAfterMs: afterMs, notified: { kind: "again", reason: "busy", retryAfterMs } };
  };
  switch (mode) {
    case "healthy":
      return sent(quickMs);
    case "flaky":
      return random.chance(0.5) ? sent(quickMs) : again(quickMs);
    case "down":
      return again(random.chance(0.3) ? random.between(5000, 20_000) : quickMs);
    case "refusing":
      return { arrivesAfterMs: null, endsAfterMs: quickMs, notified: { kind: "failed", reason: "no such person" } };
    case "lossy":
      // The recipient has the notification, but the server does not know it and sends it again.
      return random.chance(0.5) ? sent(quickMs) : { ...again(quickMs), arrivesAfterMs: quickMs / 2 };
    case "slow":
      return sent(random.between(2000, 20_000));
  }
}

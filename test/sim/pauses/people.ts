/** The people who are asked, and the simulated channels to them: who was told what when, and what the server heard. */
import type { EpochMs, Uuid } from "../../../src/domain/ids.ts";
import type { Channel } from "../../../src/domain/pauses/pause.ts";
import type { Notification, Notified, Notifier } from "../../../src/ports/notifier.ts";
import type { Random } from "../random.ts";
import type { Timeline } from "../timeline.ts";

/** Few, so that some wait for others. */
export const AT_ONCE_MAX = 3;

/** How a channel is at present. */
export const CHANNEL_MOODS = ["well", "flaky", "down", "refusing", "lossy", "slow"] as const;
export type ChannelMood = (typeof CHANNEL_MOODS)[number];

/** `sms` is not configured. */
export const CONFIGURED: readonly Channel[] = ["email", "slack"];

/** Nobody can be told under an address that begins so. */
export const REFUSED_ADDRESS = "nobody";

/** One try to tell somebody, as the world saw it. */
export interface Telling {
  readonly number: number;
  readonly process: number;
  readonly channel: Channel;
  readonly pauseId: Uuid;
  readonly notification: Notification;
  /** By the process's clock. */
  readonly startedAt: EpochMs;
  /** When the person had it; null when they never had. */
  arrivedMs: number | null;
  /** What the server was told; null while it waits, or when its process ended before. */
  heard: Notified | null;
  /** By the process's clock. */
  heardAt: EpochMs;
}

export interface People {
  readonly tellings: Telling[];
  setMood(channel: Channel, mood: ChannelMood): void;
  connect(client: PeopleClient): Notifier[];
}

export interface PeopleClient {
  readonly process: number;
  readonly isAlive: () => boolean;
  readonly now: () => EpochMs;
  readonly onStart: (telling: Telling) => void;
  readonly onHeard: (telling: Telling) => void;
}

interface Plan {
  readonly arrivesAfterMs: number | null;
  readonly endsAfterMs: number;
  readonly notified: Notified;
}

export function createPeople({ timeline, random }: { timeline: Timeline; random: Random }): People {
  const tellings: Telling[] = [];
  const moods = new Map<Channel, ChannelMood>();

  function open(channel: Channel, client: PeopleClient): Notifier {
    const stops = new Set<() => void>();

    function notify(notification: Notification): Promise<Notified> {
      const telling: Telling = {
        number: tellings.length,
        process: client.process,
        channel,
        pauseId: notification.pauseId,
        notification,
        startedAt: client.now(),
        arrivedMs: null,
        heard: null,
        heardAt: 0,
      };
      tellings.push(telling);
      client.onStart(telling);
      const plan = planFor(moods.get(channel) ?? "well", random);
      const arrival =
        plan.arrivesAfterMs === null
          ? null
          : timeline.after(plan.arrivesAfterMs, () => {
              telling.arrivedMs = timeline.nowMs;
            });
      return new Promise((resolve) => {
        const hear = (notified: Notified) => {
          if (!stops.delete(stop) || !client.isAlive()) return;
          telling.heard = notified;
          telling.heardAt = client.now();
          client.onHeard(telling);
          resolve(notified);
        };
        // What has arrived is not taken back: the channel still says so.
        const stop = () => {
          if (telling.arrivedMs === null) arrival?.cancel();
          hear(telling.arrivedMs === null ? { kind: "aborted" } : plan.notified);
        };
        stops.add(stop);
        timeline.after(plan.endsAfterMs, () => hear(plan.notified));
      });
    }

    return {
      channel,
      atOnceMax: AT_ONCE_MAX,
      notify,
      addressFault(address) {
        const fault = address.startsWith(REFUSED_ADDRESS) ? "nobody is there" : null;
        return new Promise((resolve) => timeline.after(random.between(0, 3), () => resolve(fault)));
      },
      close() {
        for (const stop of [...stops]) stop();
        return Promise.resolve();
      },
    };
  }

  return {
    tellings,
    setMood: (channel, mood) => void moods.set(channel, mood),
    connect: (client) => CONFIGURED.map((channel) => open(channel, client)),
  };
}

function planFor(mood: ChannelMood, random: Random): Plan {
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
  switch (mood) {
    case "well":
      return sent(quickMs);
    case "flaky":
      return random.chance(0.5) ? sent(quickMs) : again(quickMs);
    case "down":
      return again(random.chance(0.3) ? random.between(5000, 20_000) : quickMs);
    case "refusing":
      return { arrivesAfterMs: null, endsAfterMs: quickMs, notified: { kind: "failed", reason: "no such person" } };
    case "lossy":
      // The person has it, and the server never learns: it tells them again.
      return random.chance(0.5) ? sent(quickMs) : { ...again(quickMs), arrivesAfterMs: quickMs / 2 };
    case "slow":
      return sent(random.between(2000, 20_000));
  }
}

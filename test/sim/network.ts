/** The simulated wire and the receivers behind it: who got what when, and what the sender heard of it. */
import type { Outcome, UnreachableReason } from "../../src/domain/delivery/delivery.ts";
import type { Sender, SendRequest } from "../../src/ports/sender.ts";
import type { WallClock } from "./clock.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

/** How a receiver is at present. */
export const MOODS = ["well", "failing", "flaky", "throttling", "unavailable", "silent", "lossy", "slow"] as const;
export type Mood = (typeof MOODS)[number] | "gone";

/** One attempt as the world saw it. */
export interface Sent {
  readonly number: number;
  /** Which process sent it. */
  readonly process: number;
  readonly site: number;
  /** Raised by each change of the endpoint's URL. */
  readonly urlVersion: number;
  readonly startedMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** When the receiver had it whole; null when it never had. */
  arrivedMs: number | null;
  /** What the receiver answered, whether or not anybody heard it. */
  httpStatus: number | null;
  /** What the sender was told; null while it waits, or when its process ended before. */
  heard: Outcome | null;
}

export interface Network {
  readonly sent: Sent[];
  setMood(site: number, mood: Mood): void;
  connect(client: NetworkClient): Sender;
}

export interface NetworkClient {
  readonly process: number;
  readonly isAlive: () => boolean;
  /** An attempt starts. */
  readonly onStart: (sent: Sent) => void;
  /** Its outcome is about to be told. */
  readonly onHeard: (sent: Sent) => void;
}

interface Plan {
  readonly arrivesAfterMs: number | null;
  readonly httpStatus: number | null;
  readonly endsAfterMs: number;
  readonly outcome: Outcome;
}

export const siteUrl = (site: number, version: number): string => `https://site-${site}.example/v${version}`;

export function createNetwork(options: { timeline: Timeline; wall: WallClock; random: Random }): Network {
  const { timeline } = options;
  const moods = new Map<number, Mood>();
  const sent: Sent[] = [];

  function connect(client: NetworkClient): Sender {
    const waiting = new Set<(outcome: Outcome) => void>();

    function send(request: SendRequest): Promise<Outcome> {
      const attempt = record(request, { process: client.process, startedMs: timeline.nowMs, number: sent.length });
      sent.push(attempt);
      client.onStart(attempt);
      const plan = planFor(moods.get(attempt.site) ?? "well", request.timeoutMs, options);
      const { arrivesAfterMs } = plan;
      if (arrivesAfterMs !== null) {
        timeline.after(arrivesAfterMs, () => {
          attempt.arrivedMs = timeline.nowMs;
          attempt.httpStatus = plan.httpStatus;
        });
      }
      return new Promise((resolve) => {
        const end = (outcome: Outcome) => {
          if (!waiting.delete(end) || !client.isAlive()) return;
          attempt.heard = outcome;
          client.onHeard(attempt);
          resolve(outcome);
        };
        waiting.add(end);
        timeline.after(plan.endsAfterMs, () => end(plan.outcome));
      });
    }

    return {
      send,
      vet: (url) => Promise.resolve({ kind: "accepted", url }),
      abortAll() {
        for (const end of [...waiting]) end({ kind: "aborted" });
      },
      close: () => Promise.resolve(),
    };
  }

  return { sent, connect, setMood: (site, mood) => void moods.set(site, mood) };
}

function record(request: SendRequest, frame: Pick<Sent, "process" | "startedMs" | "number">): Sent {
  const [, site, version] = /^https:\/\/site-(\d+)\.example\/v(\d+)$/.exec(request.url) ?? [];
  const headers: Record<string, string> = {};
  for (let index = 0; index < request.headers.length; index += 2) {
    headers[String(request.headers[index]).toLowerCase()] = String(request.headers[index + 1]);
  }
  return {
    ...frame,
    site: Number(site),
    urlVersion: Number(version),
    headers,
    body: request.body,
    arrivedMs: null,
    httpStatus: null,
    heard: null,
  };
}

// ── What becomes of an attempt ──────────────────────────────────────────────────────────────────────────────────────

type Circumstances = { readonly random: Random; readonly wall: WallClock };

function planFor(mood: Mood, timeoutMs: number, { random, wall }: Circumstances): Plan {
  const quickMs = random.between(1, 60);
  const answer = (httpStatus: number, retryAfter: string | null = null) => answered(quickMs, httpStatus, retryAfter);
  switch (mood) {
    case "well":
      return answer(200);
    case "failing":
      return answer(random.pick([500, 500, 404, 302, 502, 504]));
    case "flaky":
      return random.chance(0.6) ? answer(204) : random.chance(0.5) ? answer(500) : broken("reset", quickMs, null);
    case "throttling":
      return random.chance(0.5) ? answer(201) : answer(429, retryAfter(random, wall));
    case "unavailable":
      return random.chance(0.3) ? answer(200) : answer(503, random.chance(0.5) ? retryAfter(random, wall) : null);
    case "silent":
      return random.chance(0.5)
        ? broken("response_timeout", timeoutMs, quickMs)
        : broken("connect_timeout", timeoutMs, null);
    case "lossy":
      // Whether its answer is heard or not, the receiver has counted the delivery.
      return random.chance(0.5) ? answer(200) : { ...broken("reset", quickMs + 1, quickMs), httpStatus: 200 };
    case "slow":
      return answered(random.between(500, Math.min(timeoutMs, 4000) - 1), 200, null);
    case "gone":
      return answer(410);
  }
}

function answered(afterMs: number, httpStatus: number, retryAfterText: string | null): Plan {
  const outcome: Outcome = { kind: "answered", httpStatus, retryAfter: retryAfterText, snippet: "" };
  return { arrivesAfterMs: afterMs / 2, httpStatus, endsAfterMs: afterMs, outcome };
}

function broken(reason: UnreachableReason, endsAfterMs: number, arrivesAfterMs: number | null): Plan {
  const outcome: Outcome = { kind: "unreachable", reason, detail: "simulated" };
  return { arrivesAfterMs, httpStatus: null, endsAfterMs, outcome };
}

function retryAfter(random: Random, wall: WallClock): string {
  const seconds = random.below(20);
  return random.chance(0.7) ? String(seconds) : new Date(wall.nowMs + seconds * 1000).toUTCString();
}

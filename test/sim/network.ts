/** The simulated network and its receivers: who received what and when, and which outcome the sender got. */
import type { Outcome, UnreachableReason } from "../../src/domain/delivery/delivery.ts";
import type { Sender, SendRequest } from "../../src/ports/sender.ts";
import type { WallClock } from "./clock.ts";
import type { Random } from "./random.ts";
import type { ProcessTimeline, Timeline } from "./timeline.ts";

/** The current behavior of a receiver. */
export const MODES = ["healthy", "failing", "flaky", "throttling", "unavailable", "silent", "lossy", "slow"] as const;
export type Mode = (typeof MODES)[number] | "gone";

/** One attempt, seen from outside the process. */
export interface Sent {
  readonly number: number;
  /** The number of the process that sent it, and its number in the store. */
  readonly process: number;
  readonly node: number;
  readonly site: number;
  /** Incremented with each change of the endpoint's URL. */
  readonly urlVersion: number;
  readonly startedMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** When the receiver had received the whole request, or null if it never did. */
  arrivedMs: number | null;
  /** The receiver's response, whether or not it reached the sender. */
  httpStatus: number | null;
  /** The outcome that the sender got, or null if it still waits or its process ended first. */
  heard: Outcome | null;
}

export interface Network {
  readonly sent: Sent[];
  setMode(site: number, mode: Mode): void;
  connect(client: NetworkClient): Sender;
}

export interface NetworkClient {
  readonly process: number;
  readonly node: () => number;
  readonly timeline: ProcessTimeline;
  /** Called when an attempt starts. */
  readonly onStart: (sent: Sent) => void;
  /** Called just before the sender gets the outcome. */
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
  const modes = new Map<number, Mode>();
  const sent: Sent[] = [];

  function connect(client: NetworkClient): Sender {
    const waiting = new Set<(outcome: Outcome) => void>();

    function send(request: SendRequest): Promise<Outcome> {
      const frame = { process: client.process, node: client.node(), startedMs: timeline.nowMs, number: sent.length };
      const attempt = record(request, frame);
      sent.push(attempt);
      client.onStart(attempt);
      const plan = planFor(modes.get(attempt.site) ?? "healthy", request.timeoutMs, options);
      const { arrivesAfterMs } = plan;
      if (arrivesAfterMs !== null) {
        timeline.after(arrivesAfterMs, () => {
          attempt.arrivedMs = timeline.nowMs;
          attempt.httpStatus = plan.httpStatus;
        });
      }
      return new Promise((resolve) => {
        const end = (outcome: Outcome) => {
          if (!waiting.delete(end)) return;
          attempt.heard = outcome;
          client.onHeard(attempt);
          resolve(outcome);
        };
        waiting.add(end);
        client.timeline.after(plan.endsAfterMs, () => end(plan.outcome));
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

  return { sent, connect, setMode: (site, mode) => void modes.set(site, mode) };
}

function record(request: SendRequest, frame: Pick<Sent, "process" | "node" | "startedMs" | "number">): Sent {
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

// ── Outcomes of attempts ────────────────────────────────────────────────────────────────────────────────────────────

type Circumstances = { readonly random: Random; readonly wall: WallClock };

function planFor(mode: Mode, timeoutMs: number, { random, wall }: Circumstances): Plan {
  const quickMs = random.between(1, 60);
  const answer = (httpStatus: number, retryAfter: string | null = null) => answered(quickMs, httpStatus, retryAfter);
  switch (mode) {
    case "healthy":
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
      // The receiver has accepted the delivery, whether or not its answer arrives.
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

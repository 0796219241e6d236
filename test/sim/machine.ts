/** The parts of a simulated machine, as they know each other. */
import type { RunningEngine } from "../../src/engine/start.ts";
import type { WallClock } from "./clock.ts";
import type { Model } from "./model.ts";
import type { Network, Sent } from "./network.ts";
import type { Random } from "./random.ts";
import type { Disk } from "./store.ts";
import type { Timeline } from "./timeline.ts";

/** A process of the server, from its start to its end. */
export interface Process {
  readonly number: number;
  readonly startedMs: number;
  engine: RunningEngine | null;
  alive: boolean;
  /** How it ended: what it had not settled then is sent again. */
  end: "crashed" | "stopped" | "stoppedWithoutStore" | null;
  /** The store failed it at some time. */
  sawOutage: boolean;
  now(): number;
}

export type Answer<T> =
  | { readonly kind: "ok"; readonly value: T }
  /** 503: nothing of it has happened. */
  | { readonly kind: "refused" }
  /** The process ended before it answered. */
  | { readonly kind: "lost" };

export interface World {
  readonly seed: number;
  readonly timeline: Timeline;
  readonly wall: WallClock;
  readonly disk: Disk;
  readonly network: Network;
  readonly random: Random;
  readonly model: Model;
  readonly watch: Watch;
  /** What happened, line by line: the same for the same seed. */
  readonly log: string[];
  /** What must not happen, and did. */
  readonly faults: string[];
  readonly processes: Process[];
  /** The living process; null between two. */
  readonly process: Process | null;
  say(line: string): void;
  fault(text: string): void;
  start(): Promise<void>;
  crash(): void;
  /** Stop as SIGTERM does. Resolves when the process has ended, also when it crashed meanwhile. */
  stop(): Promise<void>;
  ask<T>(question: (engine: RunningEngine) => Promise<T>): Promise<Answer<T>>;
}

/** Who looks on, and says what is wrong. */
export interface Watch {
  started(process: Process, sent: Sent): void;
  heard(process: Process, sent: Sent): void;
  answered(process: Process, verb: string, args: readonly unknown[], value: unknown): void;
  disabled(endpointId: string): void;
  /** Time, store or process did something unusual: waiting is measured anew. */
  disturbed(): void;
  poll(): void;
}

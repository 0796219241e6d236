/** The parts of a simulated machine and their interfaces. */
import type { Uuid } from "../../src/domain/ids.ts";
import type { Pause } from "../../src/domain/pauses/pause.ts";
import type { Caller } from "../../src/engine/access/caller.ts";
import type { RunningEngine } from "../../src/engine/engine.ts";
import type { PauseView } from "../../src/engine/pauses/pause-types.ts";
import type { Answer } from "./answers.ts";
import type { WallClock } from "./clock.ts";
import type { Model } from "./model.ts";
import type { Network, Sent } from "./network.ts";
import type { Channels, SentNotification } from "./pauses/channels.ts";
import type { KnownPause } from "./pauses/pause-model.ts";
import type { Random } from "./random.ts";
import type { Disk } from "./store.ts";
import type { Timeline } from "./timeline.ts";

/** A server process, from its start to its end. */
export interface Process {
  readonly number: number;
  readonly startedMs: number;
  engine: RunningEngine | null;
  alive: boolean;
  /** Whether the process was asked to stop. */
  stopping: boolean;
  /** How the process ended. Deliveries that it had not settled are sent again. */
  end: "crashed" | "stopped" | "stoppedWithoutStore" | null;
  /** Whether the store was unavailable at some time. */
  sawOutage: boolean;
  now(): number;
}

export interface World {
  readonly seed: number;
  readonly timeline: Timeline;
  readonly wall: WallClock;
  readonly disk: Disk;
  readonly network: Network;
  readonly random: Random;
  readonly model: Model;
  readonly watch: Watch;
  readonly channels: Channels;
  readonly pauseWatch: PauseWatch;
  /** The log of everything that happened. Identical for the same seed. */
  readonly log: string[];
  /** The violated invariants. */
  readonly faults: string[];
  readonly processes: Process[];
  /** The running process, or null if none is running. */
  readonly process: Process | null;
  say(line: string): void;
  fault(text: string): void;
  start(): Promise<void>;
  crash(): void;
  /** Stops as SIGTERM does. Resolves when the process has ended, even if it crashed meanwhile. */
  stop(): Promise<void>;
  ask<T>(question: (engine: RunningEngine) => Promise<T>): Promise<Answer<T>>;
}

/** Checks invariants while the simulation runs. */
export interface Watch {
  started(process: Process, sent: Sent): void;
  heard(process: Process, sent: Sent): void;
  answered(process: Process, verb: string, args: readonly unknown[], value: unknown): void;
  disabled(endpointId: string): void;
  /** Resets the measured waiting times after a clock jump, a store outage or a restart. */
  disturbed(): void;
  poll(): void;
}

export interface PauseWatch {
  /** Starts to observe a request. Its answer must reflect every change made before this call. */
  observe(): PauseObservation;
  /** Records a pause that a caller was shown, even if the answer to its creation was lost. */
  learn(caller: Caller, view: PauseView): KnownPause | null;
  isEnded(id: Uuid): boolean;
  /** The time at which a process learned of the pause's ending, or null. */
  heardEndedMs(process: Process, id: Uuid): number | null;
  notificationStarted(process: Process, sent: SentNotification): void;
  notificationHeard(sent: SentNotification): void;
  answered(process: Process, verb: string, args: readonly unknown[], value: unknown): void;
  disturbed(): void;
  poll(): void;
}

export interface PauseObservation {
  readonly process: Process | null;
  readonly beganMs: number;
  /** Checks a pause in the request's answer. */
  check(pause: Pause): void;
  /** Checks a pause in the answer to its creation. A repeated creation may return the pause as it was when created. */
  checkCreated(pause: Pause): void;
}

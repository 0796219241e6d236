/** The parts of a simulated machine and their interfaces. */
import type { Uuid } from "../../src/domain/ids.ts";
import type { Pause } from "../../src/domain/pauses/pause.ts";
import type { Caller } from "../../src/engine/access/caller.ts";
import type { RunningEngine } from "../../src/engine/engine.ts";
import type { PauseView } from "../../src/engine/pauses/pause-types.ts";
import type { Heartbeat, LaneState } from "../../src/ports/store.ts";
import type { Answer } from "./answers.ts";
import type { WallClock } from "./clock.ts";
import type { Notes } from "./cluster/notes.ts";
import type { KnownEndpoint, Model } from "./model.ts";
import type { Network, Sent } from "./network.ts";
import type { Channels, SentNotification } from "./pauses/channels.ts";
import type { KnownPause } from "./pauses/pause-model.ts";
import type { Random } from "./random.ts";
import type { Disk } from "./store.ts";
import type { ProcessTimeline, Timeline } from "./timeline.ts";

/**
 * How a node ended. Deliveries that it had not settled are sent again. `gone`: the others took it for dead, and its
 * process has entered the store again under another number.
 */
export type NodeEnd = "crashed" | "stopped" | "stoppedWithoutStore" | "gone";

/** The clocks of several nodes are ahead of the right time, or behind it, by at most this much. */
export const SKEW_MS_MAX = 100;

/** What one node changes, the others know within this time. */
export const LEARNT_MS = 1000;

/** A server process, from its start to its end. */
export interface Process {
  readonly number: number;
  readonly startedMs: number;
  readonly timeline: ProcessTimeline;
  /** Its number in the store, and 0 before it has entered. */
  node: number;
  /** Whether it is cut off from the store. */
  isCut: boolean;
  /** Whether it freezes after its next commit, before it has the answer. */
  freezesAfterCommit: boolean;
  /** Since when it has been running with the store in reach. */
  soundSinceMs: number;
  engine: RunningEngine | null;
  alive: boolean;
  /** Whether the process was asked to stop. */
  stopping: boolean;
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
  /** With several processes. */
  readonly clusterWatch: ClusterWatch | null;
  readonly channels: Channels;
  readonly pauseWatch: PauseWatch;
  /** The log of everything that happened. Identical for the same seed. */
  readonly log: string[];
  /** The violated invariants. */
  readonly faults: string[];
  readonly processes: Process[];
  /** The processes that run now, in the order of their starts. One that is frozen runs. */
  readonly running: readonly Process[];
  /** The first of them that is not frozen, or null. */
  readonly process: Process | null;
  /** When each node's process ended or was told that it is gone, by the node's number. */
  readonly nodeEnds: Map<number, { readonly how: NodeEnd; readonly atMs: number }>;
  /** How a node ended, or null if it lives. It may not know that the others took it for dead. */
  endOf(node: number): NodeEnd | null;
  readonly notes: Notes;
  /** How many processes should run. */
  size: number;
  /** Whether there are several, which share the store. */
  readonly isShared: boolean;
  /** The process knows what was confirmed before this time, also of what other processes changed. */
  knownSinceMs(process: Process | null): number;
  /** Whether some process has been running for this long, with the store in reach. */
  isServed(ms: number): boolean;
  /** A process for a request, as a load balancer chooses one, or null. */
  choose(): Process | null;
  say(line: string): void;
  fault(text: string): void;
  /** Starts one more process. */
  start(): Promise<void>;
  crash(process: Process | null): void;
  /** Stops as SIGTERM does. Resolves when the process has ended, even if it crashed meanwhile. */
  stop(process: Process | null): Promise<void>;
  repairDisk(): void;
  /** Asks a process that `choose` chose. Without one, the request is refused. */
  ask<T>(question: (engine: RunningEngine) => Promise<T>, process?: Process | null): Promise<Answer<T>>;
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

/** Checks what must hold between the processes that share a store. */
export interface ClusterWatch {
  started(process: Process, endpoint: KnownEndpoint, sent: Sent, deliveryId: Uuid | null): void;
  heard(sent: Sent): void;
  /** The store answered a heartbeat. */
  beat(process: Process, heartbeat: Heartbeat): void;
  /** The store told a process the state of a lane. */
  saw(state: LaneState): void;
  poll(): void;
}

export interface PauseWatch {
  /** Starts to observe a request. Its answer must reflect every change made before this call. */
  observe(): PauseObservation;
  /** Records a pause that a caller was shown, even if the answer to its creation was lost. */
  learn(caller: Caller, view: PauseView): KnownPause | null;
  isEnded(id: Uuid): boolean;
  /** The time at which a process learned of the pause's ending at the latest, or null. */
  heardEndedMs(process: Process, id: Uuid): number | null;
  notificationStarted(process: Process, sent: SentNotification): void;
  notificationHeard(sent: SentNotification): void;
  answered(process: Process, verb: string, args: readonly unknown[], value: unknown): void;
  disturbed(): void;
  poll(): void;
}

export interface PauseObservation {
  /** The process that `ask` asks. */
  readonly process: Process | null;
  readonly ask: <T>(question: (engine: RunningEngine) => Promise<T>) => Promise<Answer<T>>;
  readonly beganMs: number;
  /** Checks a pause in the request's answer. */
  check(pause: Pause): void;
  /** Checks a pause in the answer to its creation. A repeated creation may return the pause as it was when created. */
  checkCreated(pause: Pause): void;
}

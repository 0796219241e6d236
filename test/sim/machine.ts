/** The parts of a simulated machine, as they know each other. */
import type { Uuid } from "../../src/domain/ids.ts";
import type { Pause } from "../../src/domain/pauses/pause.ts";
import type { Caller } from "../../src/engine/access/caller.ts";
import type { RunningEngine } from "../../src/engine/engine.ts";
import type { PauseView } from "../../src/engine/pauses/pause-service.ts";
import type { WallClock } from "./clock.ts";
import type { Answer } from "./fate.ts";
import type { Model } from "./model.ts";
import type { Network, Sent } from "./network.ts";
import type { KnownPause } from "./pauses/pause-model.ts";
import type { People, Telling } from "./pauses/people.ts";
import type { Random } from "./random.ts";
import type { Disk } from "./store.ts";
import type { Timeline } from "./timeline.ts";

/** A process of the server, from its start to its end. */
export interface Process {
  readonly number: number;
  readonly startedMs: number;
  engine: RunningEngine | null;
  alive: boolean;
  /** It was asked to stop. */
  stopping: boolean;
  /** How it ended: what it had not settled then is sent again. */
  end: "crashed" | "stopped" | "stoppedWithoutStore" | null;
  /** The store failed it at some time. */
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
  readonly people: People;
  readonly pauseWatch: PauseWatch;
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

export interface PauseWatch {
  /** A request begins: its answer must know of whatever is true by now. */
  look(): Look;
  /** Somebody was shown a pause of theirs: remember it, also when it was made by a request whose answer was lost. */
  learn(caller: Caller, view: PauseView): KnownPause | null;
  isEnded(id: Uuid): boolean;
  /** When a process was told of an ending, by the timeline; null when it was not. */
  heardEndedMs(process: Process, id: Uuid): number | null;
  tellingStarted(process: Process, telling: Telling): void;
  tellingHeard(telling: Telling): void;
  answered(process: Process, verb: string, args: readonly unknown[], value: unknown): void;
  disturbed(): void;
  poll(): void;
}

export interface Look {
  readonly process: Process | null;
  readonly beganMs: number;
  /** Somebody was told this, in answer to the request. */
  told(pause: Pause): void;
  /** As it was when it was made, maybe: a repeated creation need not know how it ended. */
  toldAsMade(pause: Pause): void;
}

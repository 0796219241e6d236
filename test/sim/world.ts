/** One simulated machine: its clock, disk and network, the server's processes, and their callers. */
import { StoreUnavailable } from "../../src/domain/errors.ts";
import { nextUuid, type UuidState } from "../../src/domain/ids.ts";
import { hmacSha256 } from "../../src/engine/delivery/hmac.ts";
import { type RunningEngine, startEngine } from "../../src/engine/engine.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Entered } from "../../src/ports/store.ts";
import type { Noticed } from "../../src/ports/telemetry.ts";
import { createStreamSender } from "../../src/sender/readers/stream.ts";
import type { Answer } from "./answers.ts";
import { createSimClock, createWallClock, type WallClock } from "./clock.ts";
import { createClusterWatch } from "./cluster/cluster-watch.ts";
import { createNotes, type Notes } from "./cluster/notes.ts";
import {
  type ClusterWatch,
  LEARNT_MS,
  type NodeEnd,
  type PauseWatch,
  type Process,
  SKEW_MS_MAX,
  type Watch,
  type World,
} from "./machine.ts";
import { createModel } from "./model.ts";
import { createNetwork, type Network } from "./network.ts";
import { type Channels, createChannels } from "./pauses/channels.ts";
import { createPauseWatch } from "./pauses/pause-watch.ts";
import { createRandom, type Random } from "./random.ts";
import { CLOCK_START_MS, connect, createDisk, type Disk } from "./store.ts";
import { createProcessTimeline, createTimeline } from "./timeline.ts";
import { createWatch } from "./watch.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WRONG_WITHIN_MS = 60_000;
export const RETENTION_MS = 30 * DAY_MS;

export function createWorld(seed: number, size = 1): World {
  return new Machine(seed, size);
}

class Machine implements World {
  readonly seed: number;
  readonly timeline = createTimeline();
  readonly wall = createWallClock(this.timeline);
  readonly disk: Disk;
  size: number;
  readonly isShared: boolean;
  readonly network: Network;
  readonly channels: Channels;
  readonly model = createModel();
  readonly random: Random;
  readonly watch: Watch;
  readonly clusterWatch: ClusterWatch | null;
  readonly pauseWatch: PauseWatch;
  readonly log: string[] = [];
  readonly faults: string[] = [];
  readonly processes: Process[] = [];
  readonly nodeEnds: World["nodeEnds"] = new Map();
  readonly notes: Notes;
  readonly #clockRandom: Random;
  readonly #storeRandom: Random;
  readonly #idRandom: Random;
  readonly #choices: Random;
  readonly #ids: UuidState = { lastMs: 0, randA: 0, high: 0, low: 0 };
  /** What each process has to lose with its end. */
  readonly #open = new Map<Process, Set<() => void>>();

  constructor(seed: number, size: number) {
    this.seed = seed;
    this.size = size;
    this.isShared = size > 1;
    this.disk = createDisk(this.isShared);
    const random = createRandom(seed);
    const { timeline, wall } = this;
    this.network = createNetwork({ timeline, wall, random: random.fork() });
    this.channels = createChannels({ timeline, random: random.fork() });
    this.#clockRandom = random.fork();
    this.#storeRandom = random.fork();
    this.#idRandom = random.fork();
    this.random = random.fork();
    this.#choices = random.fork();
    this.notes = createNotes(random.fork());
    this.clusterWatch = this.isShared ? createClusterWatch(this) : null;
    this.watch = createWatch(this);
    this.pauseWatch = createPauseWatch(this);
  }

  endOf(node: number): NodeEnd | null {
    const end = this.nodeEnds.get(node);
    if (end !== undefined) return end.how;
    const row = this.disk.prepare("SELECT gone_at FROM nodes WHERE node = ?").get(node);
    return row?.gone_at == null ? null : "gone";
  }

  get running(): readonly Process[] {
    return this.processes.filter(({ alive }) => alive);
  }

  get process(): Process | null {
    return this.running.find(({ timeline }) => !timeline.isFrozen) ?? null;
  }

  knownSinceMs(process: Process | null): number {
    const { nowMs } = this.timeline;
    if (!this.isShared) return nowMs;
    const isSound = process !== null && !process.isCut && this.disk.state === "healthy";
    return isSound && nowMs - process.soundSinceMs > LEARNT_MS ? nowMs - LEARNT_MS : 0;
  }

  isServed(ms: number): boolean {
    if (this.disk.state !== "healthy") return false;
    const sinceMs = this.isShared ? this.timeline.nowMs - ms : Number.POSITIVE_INFINITY;
    return this.running.some(
      ({ soundSinceMs, isCut, timeline }) => soundSinceMs <= sinceMs && !isCut && !timeline.isFrozen,
    );
  }

  choose(): Process | null {
    const isAnswering = ({ stopping, timeline }: Process) => !timeline.isFrozen && !(this.isShared && stopping);
    const answering = this.running.filter(isAnswering);
    return answering.length > 1 ? this.#choices.pick(answering) : (answering[0] ?? null);
  }

  // These two are fields, so that they keep working when they are taken out of the world.

  readonly say = (line: string): void => void this.log.push(`${this.#stamp()} ${line}`);

  readonly fault = (text: string): void => {
    this.faults.push(`${this.#stamp()} ${text}`);
    this.say(`FAULT ${text}`);
  };

  #stamp(): string {
    return (this.timeline.nowMs / 1000).toFixed(3);
  }

  // ── The life of a process ─────────────────────────────────────────────────────────────────────────────────────────

  async start(): Promise<void> {
    const number = this.processes.length + 1;
    const timeline = createProcessTimeline(this.timeline, () => made.alive);
    const clock = createSimClock({ timeline, wall: this.#wallOf(), random: this.#clockRandom });
    // As the store does when it is opened.
    if (this.isShared) clock.follow(Math.floor(CLOCK_START_MS + this.timeline.nowMs), clock.monotonicMs());
    const made: Process = {
      number,
      startedMs: this.timeline.nowMs,
      timeline,
      node: 0,
      isCut: false,
      freezesAfterCommit: false,
      soundSinceMs: this.timeline.nowMs,
      engine: null,
      alive: true,
      stopping: false,
      sawOutage: false,
      now: () => clock.now(),
    };
    this.processes.push(made);
    this.#open.set(made, new Set());
    this.say(`process ${number} starts`);
    const isUp = await this.#orLost(
      made,
      this.#startEngine(made, clock).then(
        (running) => {
          made.engine = running;
          running.listening();
          return true;
        },
        (error: unknown) => {
          if (!(error instanceof StoreUnavailable)) throw error;
          return false;
        },
      ),
    );
    if (isUp === false) this.#die(made, "crashed"); // as `main` does: it prints one line and exits with code 1
    if (made.alive) this.say(`process ${number} is up`);
  }

  /** Of the process's machine. Synchronized clocks differ a little, and some machines' clocks are set to a wrong time. */
  #wallOf(): Pick<WallClock, "nowMs"> {
    if (!this.isShared) return this.wall;
    const { wall, timeline } = this;
    const skewMs = this.#choices.below(2 * SKEW_MS_MAX) - SKEW_MS_MAX;
    const wrongMs = this.#choices.pick([0, 0, 2 * HOUR_MS, -3 * HOUR_MS]);
    const setMs = timeline.nowMs + this.#choices.below(WRONG_WITHIN_MS);
    return {
      get nowMs() {
        return wall.nowMs + skewMs + (timeline.nowMs < setMs ? 0 : wrongMs);
      },
    };
  }

  #startEngine(of: Process, clock: Clock): Promise<RunningEngine> {
    return startEngine({
      clock,
      ...this.#connect(of),
      readers: createStreamSender({ clock }),
      telemetry: {
        attempted() {},
        counted() {},
        noticed: (happening) => this.#notice(of, happening),
      },
      hmac: hmacSha256,
      userAgent: "Signalbox/sim",
      retentionMs: RETENTION_MS,
      slack: null,
      publicUrl: () => "http://localhost",
    });
  }

  /** What the process reaches: the disk, the network and the notification channels. */
  #connect(of: Process) {
    const { timeline } = of;
    const isCut = () => of.isCut;
    const node = () => of.node;
    const store = connect({
      disk: this.disk,
      timeline,
      random: this.#storeRandom,
      newId: () => nextUuid(this.#ids, this.wall.nowMs, this.#idRandom.word),
      isCut,
      crash: () => this.crash(of),
      afterCommit: () => {
        if (of.freezesAfterCommit) timeline.freeze();
        of.freezesAfterCommit = false;
      },
      notes: this.notes.connect({ timeline, isCut }),
      onAnswer: (verb, args, value) => {
        if (verb === "enter") this.#entered(of, (value as Entered).node);
        this.watch.answered(of, verb, args, value);
        this.pauseWatch.answered(of, verb, args, value);
      },
      onBroken: (verb, message) => this.fault(`verb ${verb} broke: ${message}`),
    });
    const sender = this.network.connect({
      process: of.number,
      node,
      timeline,
      onStart: (sent) => this.watch.started(of, sent),
      onHeard: (sent) => this.watch.heard(of, sent),
    });
    const notifiers = this.channels.connect({
      process: of.number,
      node,
      timeline,
      now: of.now,
      onStart: (sent) => this.pauseWatch.notificationStarted(of, sent),
      onHeard: (sent) => this.pauseWatch.notificationHeard(sent),
    });
    return { store, sender, notifiers };
  }

  #notice(of: Process, { level, what, fields }: Noticed): void {
    if (!of.alive) return;
    this.say(`process ${of.number} notices ${what} ${JSON.stringify(fields).slice(0, 200)}`);
    if (what === "store_unavailable") of.sawOutage = true;
    if (what === "endpoint_disabled") this.watch.disabled(String(fields.endpoint));
    if (what === "leases_reconciled" && !of.sawOutage) this.fault("a lease was lost without an outage");
    const excused = what === "store_unavailable" || (what === "settle_failed" && of.sawOutage);
    if (level === "error" && !excused) this.fault(`the engine reports ${what}: ${JSON.stringify(fields)}`);
  }

  #entered(process: Process, node: number): void {
    if (process.node !== 0) this.nodeEnds.set(process.node, { how: "gone", atMs: this.timeline.nowMs });
    process.node = node;
    this.say(`process ${process.number} is node ${node}`);
  }

  crash(process: Process | null): void {
    if (process !== null) this.#die(process, "crashed");
  }

  async stop(stopping: Process | null): Promise<void> {
    if (stopping?.engine == null) return;
    this.say(`process ${stopping.number} is asked to stop`);
    const began = this.timeline.nowMs;
    stopping.stopping = true;
    stopping.engine.prepareStop();
    await this.#orLost(stopping, stopping.engine.stop());
    if (!stopping.alive) return;
    const tookMs = this.timeline.nowMs - began;
    if (tookMs > STOP_MS_MAX && stopping.timeline.thawedMs < began)
      this.fault(`stopping took ${Math.round(tookMs)} ms`);
    this.#die(stopping, stopping.sawOutage ? "stoppedWithoutStore" : "stopped");
  }

  #die(dying: Process, how: NodeEnd): void {
    dying.alive = false;
    this.nodeEnds.set(dying.node, { how, atMs: this.timeline.nowMs });
    for (const lose of [...(this.#open.get(dying) ?? [])]) lose();
    this.say(`process ${dying.number} ${how}`);
  }

  repairDisk(): void {
    this.disk.state = "healthy";
    for (const process of this.running) process.soundSinceMs = this.timeline.nowMs;
    this.watch.disturbed();
    this.say("disk well");
  }

  // ── Its callers ───────────────────────────────────────────────────────────────────────────────────────────────────

  async ask<T>(
    question: (engine: RunningEngine) => Promise<T>,
    process: Process | null = this.choose(),
  ): Promise<Answer<T>> {
    if (process?.engine == null || !process.alive || process.timeline.isFrozen) return { kind: "refused" };
    const answer = await this.#orLost(
      process,
      question(process.engine).then(
        (value) => ({ kind: "ok", value }) as const,
        (error: unknown) => {
          if (!(error instanceof StoreUnavailable)) this.fault(`a caller got ${String(error)}`);
          return { kind: "refused" } as const;
        },
      ),
    );
    return answer ?? { kind: "lost" };
  }

  /** Resolves to null if the process ends first. */
  #orLost<T>(process: Process, promise: Promise<T>): Promise<T | null> {
    const open = this.#open.get(process);
    return new Promise((resolve, reject) => {
      const lose = () => {
        open?.delete(lose);
        resolve(null);
      };
      open?.add(lose);
      promise.then(resolve, reject).finally(() => open?.delete(lose));
    });
  }
}

/** The grace period for attempts in flight, plus some slow commits. */
const STOP_MS_MAX = 30_000;

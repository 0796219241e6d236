/** One simulated machine: its clock, disk and network, the server's processes, and their callers. */
import { StoreUnavailable } from "../../src/domain/errors.ts";
import { nextUuid, type UuidState } from "../../src/domain/ids.ts";
import { hmacSha256 } from "../../src/engine/delivery/hmac.ts";
import { type RunningEngine, startEngine } from "../../src/engine/engine.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Noticed } from "../../src/ports/telemetry.ts";
import type { Answer } from "./answers.ts";
import { createSimClock, createWallClock } from "./clock.ts";
import type { PauseWatch, Process, Watch, World } from "./machine.ts";
import { createModel } from "./model.ts";
import { createNetwork, type Network } from "./network.ts";
import { type Channels, createChannels } from "./pauses/channels.ts";
import { createPauseWatch } from "./pauses/pause-watch.ts";
import { createRandom, type Random } from "./random.ts";
import { connect, createDisk } from "./store.ts";
import { createTimeline } from "./timeline.ts";
import { createWatch } from "./watch.ts";

const DAY_MS = 86_400_000;
export const RETENTION_MS = 30 * DAY_MS;

export function createWorld(seed: number): World {
  return new Machine(seed);
}

class Machine implements World {
  readonly seed: number;
  readonly timeline = createTimeline();
  readonly wall = createWallClock(this.timeline);
  readonly disk = createDisk();
  readonly network: Network;
  readonly channels: Channels;
  readonly model = createModel();
  readonly random: Random;
  readonly watch: Watch;
  readonly pauseWatch: PauseWatch;
  readonly log: string[] = [];
  readonly faults: string[] = [];
  readonly processes: Process[] = [];
  readonly #clockRandom: Random;
  readonly #storeRandom: Random;
  readonly #idRandom: Random;
  readonly #ids: UuidState = { lastMs: 0, randA: 0, high: 0, low: 0 };
  readonly #open = new Set<() => void>();
  #current: Process | null = null;

  constructor(seed: number) {
    this.seed = seed;
    const random = createRandom(seed);
    const { timeline, wall } = this;
    this.network = createNetwork({ timeline, wall, random: random.fork() });
    this.channels = createChannels({ timeline, random: random.fork() });
    this.#clockRandom = random.fork();
    this.#storeRandom = random.fork();
    this.#idRandom = random.fork();
    this.random = random.fork();
    this.watch = createWatch(this);
    this.pauseWatch = createPauseWatch(this);
  }

  get process(): Process | null {
    return this.#current;
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
    const clock = createSimClock({
      timeline: this.timeline,
      wall: this.wall,
      random: this.#clockRandom,
      isAlive: () => made.alive,
    });
    const made: Process = {
      number,
      startedMs: this.timeline.nowMs,
      engine: null,
      alive: true,
      stopping: false,
      end: null,
      sawOutage: false,
      now: () => clock.now(),
    };
    this.processes.push(made);
    this.#current = made;
    this.say(`process ${number} starts`);
    const isUp = await this.#orLost(
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

  #startEngine(of: Process, clock: Clock): Promise<RunningEngine> {
    return startEngine({
      clock,
      ...this.#connect(of),
      telemetry: {
        attempted() {},
        published() {},
        noticed: (happening) => this.#notice(of, happening),
      },
      hmac: hmacSha256,
      userAgent: "Signalbox/sim",
      retentionMs: RETENTION_MS,
      publicUrl: () => "http://localhost",
    });
  }

  /** What the process reaches: the disk, the network and the notification channels. */
  #connect(of: Process) {
    const isAlive = () => of.alive;
    const store = connect({
      disk: this.disk,
      timeline: this.timeline,
      random: this.#storeRandom,
      newId: () => nextUuid(this.#ids, this.wall.nowMs, this.#idRandom.word),
      isAlive,
      crash: () => this.crash(),
      onAnswer: (verb, args, value) => {
        this.watch.answered(of, verb, args, value);
        this.pauseWatch.answered(of, verb, args, value);
      },
      onBroken: (verb, message) => this.fault(`verb ${verb} broke: ${message}`),
    });
    const sender = this.network.connect({
      process: of.number,
      isAlive,
      onStart: (sent) => this.watch.started(of, sent),
      onHeard: (sent) => this.watch.heard(of, sent),
    });
    const notifiers = this.channels.connect({
      process: of.number,
      isAlive,
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

  crash(): void {
    if (this.#current !== null) this.#die(this.#current, "crashed");
  }

  async stop(): Promise<void> {
    const stopping = this.#current;
    if (stopping?.engine == null) return;
    this.say(`process ${stopping.number} is asked to stop`);
    const began = this.timeline.nowMs;
    stopping.stopping = true;
    stopping.engine.prepareStop();
    await this.#orLost(stopping.engine.stop());
    if (!stopping.alive) return;
    const tookMs = this.timeline.nowMs - began;
    if (tookMs > STOP_MS_MAX) this.fault(`stopping took ${Math.round(tookMs)} ms`);
    this.#die(stopping, stopping.sawOutage ? "stoppedWithoutStore" : "stopped");
  }

  #die(dying: Process, how: NonNullable<Process["end"]>): void {
    dying.alive = false;
    dying.end = how;
    if (this.#current === dying) this.#current = null;
    for (const lose of [...this.#open]) lose();
    this.say(`process ${dying.number} ${how}`);
  }

  // ── Its callers ───────────────────────────────────────────────────────────────────────────────────────────────────

  async ask<T>(question: (engine: RunningEngine) => Promise<T>): Promise<Answer<T>> {
    const engine = this.#current?.engine;
    if (engine == null) return { kind: "refused" };
    const answer = await this.#orLost(
      question(engine).then(
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
  #orLost<T>(promise: Promise<T>): Promise<T | null> {
    return new Promise((resolve, reject) => {
      const lose = () => {
        this.#open.delete(lose);
        resolve(null);
      };
      this.#open.add(lose);
      promise.then(resolve, reject).finally(() => this.#open.delete(lose));
    });
  }
}

/** The grace period for attempts in flight, plus some slow commits. */
const STOP_MS_MAX = 30_000;

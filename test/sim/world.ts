/** One simulated machine: its clock, disk and network, the server's processes, and their callers. */
import { StoreUnavailable } from "../../src/domain/errors.ts";
import { nextUuid, type UuidState } from "../../src/domain/ids.ts";
import { hmacSha256 } from "../../src/engine/delivery/hmac.ts";
import { startEngine } from "../../src/engine/engine.ts";
import type { Noticed } from "../../src/ports/telemetry.ts";
import { createSimClock, createWallClock } from "./clock.ts";
import type { Process, World } from "./machine.ts";
import { createModel } from "./model.ts";
import { createNetwork } from "./network.ts";
import { createChannels } from "./pauses/channels.ts";
import { createPauseWatch } from "./pauses/pause-watch.ts";
import { createRandom } from "./random.ts";
import { connect, createDisk } from "./store.ts";
import { createTimeline } from "./timeline.ts";
import { createWatch } from "./watch.ts";

const DAY_MS = 86_400_000;
export const RETENTION_MS = 30 * DAY_MS;

export function createWorld(seed: number): World {
  const random = createRandom(seed);
  const timeline = createTimeline();
  const wall = createWallClock(timeline);
  const disk = createDisk();
  const network = createNetwork({ timeline, wall, random: random.fork() });
  const channels = createChannels({ timeline, random: random.fork() });
  const [clockRandom, storeRandom, idRandom] = [random.fork(), random.fork(), random.fork()];
  const ids: UuidState = { lastMs: 0, randA: 0, high: 0, low: 0 };
  const model = createModel();
  const log: string[] = [];
  const faults: string[] = [];
  const processes: Process[] = [];
  const open = new Set<() => void>();
  let current: Process | null = null;

  const stamp = () => `${(timeline.nowMs / 1000).toFixed(3)}`;
  const say = (line: string) => void log.push(`${stamp()} ${line}`);
  function fault(text: string): void {
    faults.push(`${stamp()} ${text}`);
    say(`FAULT ${text}`);
  }

  function die(dying: Process, how: NonNullable<Process["end"]>): void {
    dying.alive = false;
    dying.end = how;
    if (current === dying) current = null;
    for (const lose of [...open]) lose();
    say(`process ${dying.number} ${how}`);
  }

  function crash(): void {
    if (current !== null) die(current, "crashed");
  }

  async function start(): Promise<void> {
    const number = processes.length + 1;
    const isAlive = () => made.alive;
    const clock = createSimClock({ timeline, wall, random: clockRandom, isAlive });
    const made: Process = {
      number,
      startedMs: timeline.nowMs,
      engine: null,
      alive: true,
      stopping: false,
      end: null,
      sawOutage: false,
      now: () => clock.now(),
    };
    processes.push(made);
    current = made;
    say(`process ${number} starts`);
    const store = connect({
      disk,
      timeline,
      random: storeRandom,
      newId: () => nextUuid(ids, wall.nowMs, idRandom.word),
      isAlive,
      crash,
      onAnswer(verb, args, value) {
        watch.answered(made, verb, args, value);
        pauseWatch.answered(made, verb, args, value);
      },
      onBroken: (verb, message) => fault(`verb ${verb} broke: ${message}`),
    });
    const sender = network.connect({
      process: number,
      isAlive,
      onStart: (sent) => watch.started(made, sent),
      onHeard: (sent) => watch.heard(made, sent),
    });
    const notifiers = channels.connect({
      process: number,
      isAlive,
      now: made.now,
      onStart: (sent) => pauseWatch.notificationStarted(made, sent),
      onHeard: pauseWatch.notificationHeard,
    });
    const engine = startEngine({
      clock,
      store,
      sender,
      telemetry: {
        attempted() {},
        published() {},
        noticed: (happening) => notice(made, happening),
      },
      hmac: hmacSha256,
      userAgent: "Signalbox/sim",
      retentionMs: RETENTION_MS,
      notifiers,
      publicUrl: () => "http://localhost",
    });
    const isUp = await orLost(
      engine.then(
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
    if (isUp === false) die(made, "crashed"); // as `main` does: it prints one line and exits with code 1
    if (made.alive) say(`process ${number} is up`);
  }

  function notice(of: Process, { level, what, fields }: Noticed): void {
    if (!of.alive) return;
    say(`process ${of.number} notices ${what} ${JSON.stringify(fields).slice(0, 200)}`);
    if (what === "store_unavailable") of.sawOutage = true;
    if (what === "endpoint_disabled") watch.disabled(String(fields.endpoint));
    if (what === "leases_reconciled" && !of.sawOutage) fault("a lease was lost without an outage");
    const excused = what === "store_unavailable" || (what === "settle_failed" && of.sawOutage);
    if (level === "error" && !excused) fault(`the engine reports ${what}: ${JSON.stringify(fields)}`);
  }

  /** Resolves to null if the process ends first. */
  function orLost<T>(promise: Promise<T>): Promise<T | null> {
    return new Promise((resolve, reject) => {
      const lose = () => {
        open.delete(lose);
        resolve(null);
      };
      open.add(lose);
      promise.then(resolve, reject).finally(() => open.delete(lose));
    });
  }

  const world: World = {
    seed,
    timeline,
    wall,
    disk,
    network,
    random: random.fork(),
    model,
    get watch() {
      return watch;
    },
    channels,
    get pauseWatch() {
      return pauseWatch;
    },
    log,
    faults,
    processes,
    get process() {
      return current;
    },
    say,
    fault,
    start,
    crash,
    async stop() {
      const stopping = current;
      if (stopping?.engine == null) return;
      say(`process ${stopping.number} is asked to stop`);
      const began = timeline.nowMs;
      stopping.stopping = true;
      stopping.engine.prepareStop();
      await orLost(stopping.engine.stop());
      if (!stopping.alive) return;
      const tookMs = timeline.nowMs - began;
      if (tookMs > STOP_MS_MAX) fault(`stopping took ${Math.round(tookMs)} ms`);
      die(stopping, stopping.sawOutage ? "stoppedWithoutStore" : "stopped");
    },
    async ask(question) {
      const engine = current?.engine;
      if (engine == null) return { kind: "refused" };
      const answer = await orLost(
        question(engine).then(
          (value) => ({ kind: "ok", value }) as const,
          (error: unknown) => {
            if (!(error instanceof StoreUnavailable)) fault(`a caller got ${String(error)}`);
            return { kind: "refused" } as const;
          },
        ),
      );
      return answer ?? { kind: "lost" };
    },
  };
  const watch = createWatch(world);
  const pauseWatch = createPauseWatch(world);
  return world;
}

/** The grace period for attempts in flight, plus some slow commits. */
const STOP_MS_MAX = 30_000;

/** What goes wrong with the processes that share a store: they freeze, are cut off, and come and go. */
import type { Process, World } from "../machine.ts";
import { NOTE_LOSSES } from "./notes.ts";

const SECOND = 1000;
/** Around 10 s, a process starts no more attempts. After 15 s, the others take it for dead. */
const AWAY_SECONDS = [0.3, 2, 8, 11, 14, 17, 25, 40];
const PROCESSES_COUNT_MAX = 4;
/** PostgreSQL ends the transaction of a process that is frozen within it. Until then nobody writes. */
const TRANSACTION_MS_MAX = 5 * SECOND;

export function planClusterDisruptions(world: World, plan: (count: number, task: () => void) => void): void {
  const { random } = world;
  const often = (most: number) => (random.chance(0.3) ? 0 : random.below(most));
  plan(often(6), () => freeze(world));
  plan(often(4), () => cut(world));
  plan(often(3), () => void join(world));
  plan(often(3), () => void leave(world));
  plan(random.below(4), () => changeNotes(world));
}

function awayMs({ random }: World): number {
  return random.pick(AWAY_SECONDS) * SECOND * random.between(0.9, 1.1);
}

function freeze(world: World): void {
  const { random, disk, timeline } = world;
  const process = world.choose();
  if (process === null) return;
  const lastsMs = awayMs(world);
  const how = random.pick(["now", "afterCommit", "inTransaction"] as const);
  world.say(`process ${process.number} freezes ${how} for ${Math.round(lastsMs)} ms`);
  if (how === "afterCommit") {
    process.freezesAfterCommit = true;
  } else {
    process.timeline.freeze();
    if (how === "inTransaction" && disk.state === "healthy") holdTurn(world, Math.min(lastsMs, TRANSACTION_MS_MAX));
  }
  timeline.after(lastsMs, () => thaw(world, process));
}

function holdTurn(world: World, lastsMs: number): void {
  world.disk.state = "refusing";
  world.timeline.after(lastsMs, () => {
    if (world.disk.state === "refusing") world.repairDisk();
  });
}

function thaw(world: World, process: Process): void {
  process.freezesAfterCommit = false;
  if (!process.alive || !process.timeline.isFrozen) return;
  world.say(`process ${process.number} thaws`);
  process.timeline.thaw();
  returned(world, process);
}

function cut(world: World): void {
  const process = world.choose();
  if (process === null || process.isCut) return;
  const lastsMs = awayMs(world);
  world.say(`process ${process.number} is cut off from the store for ${Math.round(lastsMs)} ms`);
  process.isCut = true;
  world.timeline.after(lastsMs, () => reconnect(world, process));
}

function reconnect(world: World, process: Process): void {
  if (!process.alive || !process.isCut) return;
  world.say(`process ${process.number} reaches the store again`);
  process.isCut = false;
  returned(world, process);
}

function returned({ timeline, watch }: World, process: Process): void {
  process.soundSinceMs = timeline.nowMs;
  watch.disturbed();
}

async function join(world: World): Promise<void> {
  if (world.running.length < PROCESSES_COUNT_MAX) await world.start();
}

async function leave(world: World): Promise<void> {
  if (world.running.length > 1) await world.stop(world.choose());
  world.watch.disturbed();
}

function changeNotes({ random, notes, say }: World): void {
  notes.loss = random.pick(NOTE_LOSSES);
  say(`${100 * notes.loss} % of the notes are lost`);
}

export function endClusterDisruptions(world: World): void {
  for (const process of world.running) {
    thaw(world, process);
    reconnect(world, process);
  }
}

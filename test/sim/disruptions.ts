/** The load of a simulation, and what goes wrong during it. */
import { planClusterDisruptions } from "./cluster/cluster-disruptions.ts";
import type { Process, World } from "./machine.ts";
import { MODES } from "./network.ts";
import { CHANNEL_MODES, CONFIGURED } from "./pauses/channels.ts";
import type { Workload } from "./workload.ts";

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

/**
 * Plans load and disruptions within this time. Each kind is missing in some seeds, so that it cannot hide a fault
 * there.
 */
export function planDisruptions(world: World, workload: Workload, withinMs: number): void {
  const { random, timeline } = world;
  const often = (most: number) => (random.chance(0.3) ? 0 : random.below(most));
  const plan = (count: number, task: () => void) => {
    for (let made = 0; made < count; made += 1) timeline.after(random.between(0, withinMs), task);
  };
  plan(5 + random.below(60), () => void workload.publishSome());
  plan(random.below(120), () => void workload.act());
  plan(often(50), () => void workload.pauses.create());
  plan(often(120), () => void workload.pauses.act());
  workload.inbound.plan(withinMs);
  plan(often(30), () => burst(world, workload));
  plan(random.below(30), () => changeMode(world));
  plan(random.below(10), () => changeChannel(world));
  plan(often(14), () => disruptDisk(world));
  plan(often(6), () => crash(world));
  plan(often(3), () => void restart(world, world.choose()));
  const untilMs = timeline.nowMs + withinMs - END_NOTIFYING_MS;
  plan(often(5), () => timeline.nowMs < untilMs && endWhileNotifying(world, workload));
  plan(often(2), () => stopWithoutDisk(world));
  // Nodes follow the clock of their database.
  if (world.isShared) planClusterDisruptions(world, plan);
  else plan(often(5), () => jump(world));
}

/** Many requests within a few commits, so that one changes what another has just read. */
function burst(world: World, workload: Workload): void {
  const { random, timeline } = world;
  const soon = (task: () => Promise<void>) => timeline.after(random.between(0, 40), () => void task());
  for (let count = 1 + random.below(4); count > 0; count -= 1) soon(() => workload.publishSome());
  for (let count = random.below(12); count > 0; count -= 1) soon(() => workload.act());
  for (let count = random.below(6); count > 0; count -= 1) soon(() => workload.pauses.act());
}

function changeMode({ random, network, model, say }: World): void {
  const site = 1 + random.below(Math.max(1, model.endpoints.length));
  const mode = random.chance(0.03) ? "gone" : random.pick(MODES);
  network.setMode(site, mode);
  say(`site ${site} is ${mode}`);
}

function changeChannel({ random, channels, say }: World): void {
  const channel = random.pick(CONFIGURED);
  const mode = random.pick(CHANNEL_MODES);
  channels.setMode(channel, mode);
  say(`${channel} is ${mode}`);
}

function disruptDisk(world: World): void {
  const { random, disk, timeline, watch } = world;
  disk.state = random.pick(["refusing", "full"]);
  watch.disturbed();
  world.say(`disk ${disk.state}`);
  const lasts = random.between(1, random.pick([50, 2000, 2000, 2000, 20_000]));
  timeline.after(lasts, () => world.repairDisk());
}

/** An outage longer than the grace period of a stop. Failing writes must not prevent the process from ending. */
function stopWithoutDisk(world: World): void {
  world.disk.state = "refusing";
  world.say("disk refusing, then a stop");
  const { process } = world;
  world.timeline.after(1500, () => void restart(world, process));
  world.timeline.after(45 * SECOND, () => world.repairDisk());
}

function crash(world: World): void {
  const { random, disk, timeline, watch } = world;
  const at = random.pick(["now", "crashBefore", "crashAfter"] as const);
  world.say(`crash ${at}`);
  if (at === "now") world.crash(world.choose());
  else disk.atCommit = at;
  // The other processes take over the work of one that stays away for a while.
  const awayMs = world.isShared && random.chance(0.5) ? random.between(10_000, 40_000) : random.between(100, 6000);
  timeline.after(awayMs, () => {
    watch.disturbed();
    if (world.running.length < world.size) void world.start();
  });
}

const END_NOTIFYING_MS = 9 * SECOND;

/** Ends the process while it sends notifications. Some have arrived, but that is not stored yet. */
function endWhileNotifying(world: World, workload: Workload): void {
  const { random, channels, timeline } = world;
  for (const channel of CONFIGURED) channels.setMode(channel, random.pick(["slow", "slow", "down", "lossy"]));
  for (let count = 2 + random.below(5); count > 0; count -= 1) void workload.pauses.create();
  for (let count = random.below(6); count > 0; count -= 1) {
    timeline.after(random.between(500, 6000), () => void workload.pauses.act());
  }
  timeline.after(random.between(300, END_NOTIFYING_MS), () =>
    random.chance(0.4) ? crash(world) : void restart(world, world.choose()),
  );
}

async function restart(world: World, process: Process | null): Promise<void> {
  await world.stop(process);
  world.watch.disturbed();
  if (world.running.length < world.size) await world.start();
}

function jump(world: World): void {
  const { random, wall, model, watch } = world;
  const ms = random.pick([
    () => -random.between(1, 120 * SECOND),
    () => random.between(1, 120 * SECOND),
    () => random.between(1, 6) * HOUR,
    () => 8 * DAY,
  ])();
  wall.jump(Math.round(ms));
  model.aheadMs += Math.max(0, ms);
  watch.disturbed();
  world.say(`the wall clock jumps by ${Math.round(ms)} ms`);
}

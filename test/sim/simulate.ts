/** One simulation from one seed: a period of load and disruptions, then recovery, after which all work must be done. */
import { hash } from "node:crypto";
import { checkEnd } from "./checker.ts";
import { pollInbound } from "./inbound/inbound-checker.ts";
import type { World } from "./machine.ts";
import { MODES, type Mode } from "./network.ts";
import { CHANNEL_MODES, type ChannelMode, CONFIGURED } from "./pauses/channels.ts";
import { createWorkload } from "./workload.ts";
import { createWorld } from "./world.ts";

export interface Simulated {
  readonly seed: number;
  readonly faults: readonly string[];
  readonly log: readonly string[];
  /** A hash of the whole log and of the store's content at the end. */
  readonly digest: string;
  readonly counts: {
    readonly events: number;
    readonly sends: number;
    readonly pauses: number;
    readonly inbound: number;
    readonly processes: number;
    readonly minutes: number;
  };
}

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;
/** The duration of load and disruptions. */
const DISRUPTION_MS = 240 * SECOND;
const POLL_MS = 5 * SECOND;
/**
 * The last delivery must end within this time after the disruptions. Endpoints rest for five minutes, and retry
 * schedules take several minutes.
 */
const QUIET_MS_MAX = 3600 * SECOND;

/** One bug may cause an endless number of faults. The simulation stops after this many. */
const FAULTS_MAX = 1000;

export async function simulate(seed: number): Promise<Simulated> {
  const world = createWorld(seed);
  const workload = createWorkload(world);
  let ready = false;
  void world
    .start()
    .then(() => workload.setUp())
    .then(() => {
      ready = true;
    });
  await until(world, () => ready, 60 * SECOND);

  planDisruptions(world, workload);
  await runPolling(world, world.timeline.nowMs + DISRUPTION_MS);

  await startRecovery(world, workload);
  await until(world, () => workload.pauses.open + workload.inbound.open === 0, QUIET_MS_MAX);
  await until(world, () => hasEnded(world), QUIET_MS_MAX);
  // A lane that was ready for a delivery that is now cancelled is checked once more before it closes.
  await until(world, () => isEmpty(world), 120 * SECOND);
  checkEnd(world);
  void world.stop();
  await until(world, () => world.process === null, 60 * SECOND);

  const { log, faults, network, processes, model } = world;
  return {
    seed,
    faults,
    log,
    digest: hash("sha256", `${log.join("\n")}\n${JSON.stringify(contents(world))}`),
    counts: {
      events: model.events.size,
      sends: network.sent.length,
      pauses: model.pauses.size,
      inbound: model.inbound.triesMs.length,
      processes: processes.length,
      minutes: Math.round(world.timeline.nowMs / 60_000),
    },
  };
}

async function runPolling(world: World, untilMs: number): Promise<void> {
  while (world.timeline.nowMs < untilMs && world.faults.length <= FAULTS_MAX) {
    await world.timeline.runUntil(Math.min(world.timeline.nowMs + POLL_MS, untilMs));
    world.watch.poll();
    pollInbound(world);
  }
}

async function until(world: World, isSo: () => boolean, atMostMs: number): Promise<void> {
  const endMs = world.timeline.nowMs + atMostMs;
  while (!isSo()) {
    if (world.faults.length > FAULTS_MAX) return;
    if (world.timeline.nowMs >= endMs) {
      world.fault(`after ${atMostMs} ms this is still false: ${isSo.toString().slice(0, 100)}`);
      return;
    }
    await runPolling(world, world.timeline.nowMs + SECOND);
  }
}

// A pause that ends soon will publish an event. Nothing may change during the final checks.
const WAITING = `
  SELECT (SELECT count(*) FROM deliveries WHERE state < 3) + (SELECT count(*) FROM jobs WHERE finished_at IS NULL)
    + (SELECT count(*) FROM pauses WHERE status = 0 AND expires_at <= :soon)
    + (SELECT count(*) FROM pauses WHERE notification_node IS NOT NULL OR notification_due_at <= :now) AS count`;
const SOON_MS = 150 * SECOND;

function hasEnded({ disk, process }: World): boolean {
  const now = process?.now() ?? 0;
  return disk.prepare(WAITING).get({ now, soon: now + SOON_MS })?.count === 0;
}

function isEmpty({ process }: World): boolean {
  // No process may be running at the moment.
  return process?.engine != null && Object.values(process.engine.status.gauges()).every((value) => value === 0);
}

/** The rows of every table without encrypted values, which differ between runs. */
function contents({ disk }: World): unknown {
  const hex = (value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value);
  const rows = (table: string) =>
    disk
      .prepare(`SELECT * FROM ${table}`)
      .all()
      .map((row) => Object.values(row).map(hex));
  const inbound = ["inbound", "inbound_events", "inbound_digests"];
  return ["deliveries", "attempts", "lanes", "counters", "jobs", "event_types", "events", "audit", ...inbound].map(
    rows,
  );
}

// ── Disruptions ─────────────────────────────────────────────────────────────────────────────────────────────────────

type Workload = ReturnType<typeof createWorkload>;

/** Plans load and disruptions. Each kind is missing in some seeds, so that it cannot hide a fault there. */
function planDisruptions(world: World, workload: Workload): void {
  const { random, timeline } = world;
  const often = (most: number) => (random.chance(0.3) ? 0 : random.below(most));
  const plan = (count: number, task: () => void) => {
    for (let made = 0; made < count; made += 1) timeline.after(random.between(0, DISRUPTION_MS), task);
  };
  plan(5 + random.below(60), () => void workload.publishSome());
  plan(random.below(120), () => void workload.act());
  plan(often(50), () => void workload.pauses.create());
  plan(often(120), () => void workload.pauses.act());
  workload.inbound.plan(DISRUPTION_MS);
  plan(often(30), () => burst(world, workload));
  plan(random.below(30), () => changeMode(world));
  plan(random.below(10), () => changeChannel(world));
  plan(often(14), () => disruptDisk(world));
  plan(often(6), () => crash(world));
  plan(often(3), () => void restart(world));
  const untilMs = timeline.nowMs + DISRUPTION_MS - END_NOTIFYING_MS;
  plan(often(5), () => timeline.nowMs < untilMs && endWhileNotifying(world, workload));
  plan(often(2), () => stopWithoutDisk(world));
  plan(often(5), () => jump(world));
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
  timeline.after(lasts, () => repairDisk(world));
}

/** An outage longer than the grace period of a stop. Failing writes must not prevent the process from ending. */
function stopWithoutDisk(world: World): void {
  world.disk.state = "refusing";
  world.say("disk refusing, then a stop");
  world.timeline.after(1500, () => void restart(world));
  world.timeline.after(45 * SECOND, () => repairDisk(world));
}

function repairDisk({ disk, watch, say }: World): void {
  disk.state = "healthy";
  watch.disturbed();
  say("disk well");
}

function crash(world: World): void {
  const { random, disk, timeline, watch } = world;
  const at = random.pick(["now", "beforeCommit", "afterCommit"] as const);
  world.say(`crash ${at}`);
  if (at === "now") world.crash();
  else disk.crashAt = at;
  timeline.after(random.between(100, 6000), () => {
    watch.disturbed();
    if (world.process === null) void world.start();
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
    random.chance(0.4) ? crash(world) : void restart(world),
  );
}

async function restart(world: World): Promise<void> {
  await world.stop();
  world.watch.disturbed();
  if (world.process === null) await world.start();
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

// ── Recovery ────────────────────────────────────────────────────────────────────────────────────────────────────────

async function startRecovery(world: World, workload: Workload): Promise<void> {
  world.say("recovery");
  // Some receivers fail for a while longer. Their retries are then the only activity, and nothing else wakes the
  // engine.
  setModes(world, () => (world.random.chance(0.3) ? "failing" : "healthy"));
  setChannels(world, () => (world.random.chance(0.3) ? "down" : "healthy"));
  world.timeline.after(LAST_FAILURES_MS, () => {
    setModes(world, () => "healthy");
    setChannels(world, () => "healthy");
  });
  world.disk.crashAt = null;
  repairDisk(world);
  let resumed = false;
  void (async () => {
    if (world.process === null) await world.start();
    await workload.resumeAll();
    resumed = true;
  })();
  await until(world, () => resumed, 600 * SECOND);
}

const LAST_FAILURES_MS = 150 * SECOND;
const SITES_MAX = 100;

function setModes({ network }: World, mode: () => Mode): void {
  for (let site = 1; site <= SITES_MAX; site += 1) network.setMode(site, mode());
}

function setChannels({ channels }: World, mode: () => ChannelMode): void {
  for (const channel of CONFIGURED) channels.setMode(channel, mode());
}

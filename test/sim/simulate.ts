/** One simulation from one seed: a period of load and disruptions, then recovery, after which all work must be done. */
import { hash } from "node:crypto";
import { checkEnd, isEmpty } from "./checker.ts";
import { endClusterDisruptions } from "./cluster/cluster-disruptions.ts";
import { planDisruptions } from "./disruptions.ts";
import { pollInbound } from "./inbound/inbound-checker.ts";
import type { World } from "./machine.ts";
import type { Mode } from "./network.ts";
import { type ChannelMode, CONFIGURED } from "./pauses/channels.ts";
import { createWorkload, type Workload } from "./workload.ts";
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

/** How large a simulation is. */
export interface Size {
  /** How many processes share the store. One has it alone, as the embedded store. */
  readonly nodes: number;
  /** The duration of load and disruptions. */
  readonly disruptionMs: number;
}

const SECOND = 1000;
export const ALONE: Size = { nodes: 1, disruptionMs: 240 * SECOND };
const POLL_MS = 5 * SECOND;
/**
 * The last delivery must end within this time after the disruptions. Endpoints rest for five minutes, and retry
 * schedules take several minutes.
 */
const QUIET_MS_MAX = 3600 * SECOND;

/** One bug may cause an endless number of faults. The simulation stops after this many. */
const FAULTS_MAX = 1000;

export async function simulate(seed: number, size: Size): Promise<Simulated> {
  const world = createWorld(seed, size.nodes);
  const workload = createWorkload(world);
  let ready = false;
  void world
    .start()
    .then(() => workload.setUp())
    .then(() => {
      ready = true;
    });
  await until(world, () => ready, 60 * SECOND);

  for (let more = size.nodes - 1; more > 0; more -= 1) void world.start();
  planDisruptions(world, workload, size.disruptionMs);
  await runPolling(world, world.timeline.nowMs + size.disruptionMs);

  await startRecovery(world, workload);
  await until(world, () => workload.pauses.open + workload.inbound.open === 0, QUIET_MS_MAX);
  await until(world, () => hasEnded(world), QUIET_MS_MAX);
  // A lane that was ready for a delivery that is now cancelled is checked once more before it closes.
  // No process may be running at the moment.
  await until(world, () => world.running.length > 0 && world.running.every(isEmpty), 120 * SECOND);
  checkEnd(world);
  world.size = 0;
  for (const process of world.running) void world.stop(process);
  await until(world, () => world.running.length === 0, 60 * SECOND);

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

// ── Recovery ─────────────────────────────────────────────────────────────────────────────────────────────────────────

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
  world.disk.atCommit = null;
  world.repairDisk();
  endClusterDisruptions(world);
  let resumed = false;
  void (async () => {
    while (world.running.length < world.size) await world.start();
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

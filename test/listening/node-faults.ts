/** Two nodes on one PostgreSQL database, behind a load balancer. The program knows only the balancer's address. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
// tidy-allow timer: how long a fault lasts
import { setTimeout as sleep } from "node:timers/promises";
import { shownDatabase } from "../../src/domain/database-address.ts";
import { type ListeningChild, newDataDir, startChild } from "../harness/child.ts";
import type { Scope } from "../harness/server.ts";
import { startPostgres } from "../postgres/server.ts";
import { type Balancer, startBalancer } from "./balancer.ts";
import { type Reader, type Scene, startScene } from "./scene.ts";

/** PostgreSQL is away for so long. */
const AWAY_MS = 3000;

export async function faultsOfNodes(scope: Scope): Promise<void> {
  const postgres = await startPostgres();
  scope.after(() => postgres.stop());
  const nodes = await startNodes(scope, shownDatabase(await postgres.createDatabase()));
  const balancer = await startBalancer(scope, () => nodes.running.map(({ url }) => url));
  const scene = await startScene(scope, balancer.url);
  const stop = scene.publish();
  scope.after(stop);
  const reader = scene.startReader("ada@laptop", balancer.url);
  await reader.says("got");
  const faults = { nodes, balancer, scene, reader };
  await kill(faults, "SIGKILL");
  await kill(faults, "SIGTERM");
  await freeze(faults);
  await connectedAgain(faults, "a crash of PostgreSQL, for 3 s", false, async () => {
    const start = await postgres.crash();
    await sleep(AWAY_MS);
    await start();
  });
  await stop();
  await scene.allDelivered();
  assert.equal(reader.times("ended"), 0);
}

interface Nodes {
  readonly running: ListeningChild[];
  /** Start a new node to replace one that has ended. */
  replace(index: number): Promise<void>;
}

async function startNodes(scope: Scope, database: string): Promise<Nodes> {
  const dataDir = await newDataDir(scope);
  const env = { DATABASE_URL: database, SIGNALBOX_MASTER_KEY: randomBytes(32).toString("base64") };
  const start = () => startChild(scope, dataDir, env);
  const running = [await start(), await start()];
  const replace = async (index: number) => {
    running[index] = await start();
  };
  return { running, replace };
}

interface Faults {
  readonly nodes: Nodes;
  readonly balancer: Balancer;
  readonly scene: Scene;
  readonly reader: Reader;
}

/** The program is connected again after the fault, and everything arrives. */
async function connectedAgain(
  { balancer, scene, reader }: Faults,
  what: string,
  moves: boolean,
  strike: () => Promise<void> | void,
): Promise<void> {
  const before = balancer.streamsAt;
  const connections = reader.times("connected");
  const beganMs = performance.now();
  await strike();
  if (moves) {
    await reader.says("connected", connections + 1);
    const tookMs = Math.round(performance.now() - beganMs);
    process.stdout.write(`${what}: node ${before} → node ${balancer.streamsAt}, connected after ${tookMs} ms\n`);
    assert.notEqual(balancer.streamsAt, before);
  }
  await scene.caughtUp(what);
  // One more if a kept connection still led to the frozen node: its results take longer to fail than the attempts last.
  if (moves) assert.ok(reader.times("connected") <= connections + 2, `${what}: the new stream stays`);
}

async function kill(faults: Faults, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
  const { nodes, balancer } = faults;
  const index = balancer.streamsAt;
  const node = nodes.running[index] ?? assert.fail();
  await connectedAgain(faults, `${signal} of the program's node`, true, () => node.signal(signal));
  await node.exited;
  await nodes.replace(index);
}

/** The connection stays open, and nothing comes over it. */
async function freeze(faults: Faults): Promise<void> {
  const { nodes, balancer, scene } = faults;
  const node = nodes.running[balancer.streamsAt] ?? assert.fail();
  await connectedAgain(faults, "SIGSTOP of the program's node", true, () => node.signal("SIGSTOP"));
  node.signal("SIGCONT");
  await scene.caughtUp("after SIGCONT of that node");
}

/** One server, with its data in files. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
// tidy-allow timer: how long a fault lasts
import { setTimeout as sleep } from "node:timers/promises";
import { newDataDir, startChild } from "../harness/child.ts";
import type { Scope } from "../harness/server.ts";
import { joinSockets } from "./join-sockets.ts";
import { type Reader, type Scene, startScene } from "./scene.ts";

const ASLEEP_MS = 4000;
const CUT_EVERY_MS = 700;

export async function faultsOfOneServer(scope: Scope): Promise<void> {
  const dataDir = await newDataDir(scope);
  let server = await startChild(scope, dataDir);
  const { url } = server;
  const scene = await startScene(scope, url);
  const stop = scene.publish();
  scope.after(stop);
  const second = await killReader(scene, url);
  await suspend(scene, second);
  server.signal("SIGKILL");
  await server.exited;
  server = await startChild(scope, dataDir, { PORT: new URL(url).port });
  await scene.caughtUp("kill -9 of the server");
  const winner = await takeOver(scene, second, url);
  const cut = scene.startReader("dan@train", await startCuttingProxy(scope, Number(new URL(url).port)), "takeover");
  await winner.says("ended displaced");
  await sleep(10 * CUT_EVERY_MS);
  await scene.caughtUp("a proxy that cuts every connection");
  await stop();
  await scene.allDelivered();
  assert.ok(cut.times("connected") > 2);
}

/** A proxy that cuts every connection again and again. */
async function startCuttingProxy(scope: Scope, port: number): Promise<string> {
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    joinSockets(client, upstream, sockets);
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  // tidy-allow timer: the fault
  const timer = setInterval(() => {
    for (const socket of sockets) socket.destroy();
  }, CUT_EVERY_MS);
  scope.after(() => {
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}

async function killReader(scene: Scene, url: string): Promise<Reader> {
  const first = scene.startReader("ada@laptop", url);
  await first.says("got");
  first.child.kill("SIGKILL");
  await once(first.child, "close");
  // A new process has another session: it gets in when the server has seen the end of the first.
  const next = scene.startReader("ada@laptop", url, "takeover");
  await next.says("got");
  await scene.caughtUp("kill -9 of the program");
  return next;
}

async function suspend(scene: Scene, { child }: Reader): Promise<void> {
  child.kill("SIGSTOP");
  await sleep(ASLEEP_MS);
  child.kill("SIGCONT");
  await scene.caughtUp("a program asleep beyond its deadlines");
}

async function takeOver(scene: Scene, first: Reader, url: string): Promise<Reader> {
  const refused = scene.startReader("cyd@attic", url);
  await refused.says("ended LISTENER_BUSY");
  const racers = ["bob@desk", "eve@sofa"].map((name) => scene.startReader(name, url, "takeover"));
  await first.says("ended displaced");
  await Promise.all(racers.map(({ says }) => says("connected")));
  const displaced = await Promise.any(racers.map(async (racer) => (await racer.says("ended displaced")) && racer));
  await scene.caughtUp("two programs that take over");
  const winner = racers.find((racer) => racer !== displaced) ?? assert.fail();
  assert.equal(winner.times("ended"), 0);
  return winner;
}

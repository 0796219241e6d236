/** A TCP load balancer before the nodes. It takes them in turn, and leaves out those that do not answer. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Scope } from "../harness/server.ts";
import { joinSockets } from "./join-sockets.ts";

const CHECK_EVERY_MS = 200;
const PATIENCE_MS = 1000;

export interface Balancer {
  readonly url: string;
  /** The index of the node that got the newest stream. */
  readonly streamsAt: number;
}

/** @param urls of the nodes, as they are now */
export async function startBalancer(scope: Scope, urls: () => readonly string[]): Promise<Balancer> {
  const sockets = new Set<Socket>();
  let healthy: readonly number[] = [0];
  let turn = 0;
  let streamsAt = 0;
  const balancer = createServer((client) => {
    turn += 1;
    const index = healthy[turn % healthy.length] ?? 0;
    const upstream = connect(Number(new URL(urls()[index] ?? "").port), "127.0.0.1");
    client.on("data", (bytes: Buffer) => {
      if (/^GET \S+\/stream\?/.test(bytes.toString("latin1"))) streamsAt = index;
    });
    joinSockets(client, upstream, sockets);
  });
  await once(balancer.listen(0, "127.0.0.1"), "listening");
  const check = async () => {
    const answers = await Promise.all(urls().map(answers200));
    healthy = answers.flatMap((answered, index) => (answered ? [index] : []));
  };
  await check();
  // tidy-allow timer: health checks, as load balancers make them
  const timer = setInterval(() => void check(), CHECK_EVERY_MS);
  scope.after(() => {
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
    balancer.close();
  });
  return {
    url: `http://127.0.0.1:${(balancer.address() as AddressInfo).port}`,
    get streamsAt() {
      return streamsAt;
    },
  };
}

async function answers200(url: string): Promise<boolean> {
  // tidy-allow timer: a balancer's patience
  return fetch(`${url}/healthz`, { signal: AbortSignal.timeout(PATIENCE_MS) }).then(
    ({ ok }) => ok,
    () => false,
  );
}

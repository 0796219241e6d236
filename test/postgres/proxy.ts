/** A TCP proxy before a PostgreSQL server, which can cut a connection at a COMMIT, or swallow all packets for a while. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { DatabaseAddress } from "../../src/domain/database-address.ts";

export interface Proxy {
  /** The server's address, through the proxy. */
  readonly options: DatabaseAddress;
  /** Cut the connection whose writing transaction commits next: before its COMMIT reaches the server, or before the response comes back. */
  cutAtCommit(when: "before" | "after"): void;
  /** Pass nothing on, neither bytes nor the ends of connections, until the returned function is called. */
  swallow(): () => void;
  close(): Promise<void>;
}

export async function startProxy(target: DatabaseAddress): Promise<Proxy> {
  let armed: "before" | "after" | null = null;
  const pipes = createPipes();
  const server = createServer((client) => {
    const [{ host, port } = assert.fail()] = target.hosts;
    const upstream = connect(port, host);
    let isWriting = false;
    let isCutting = false;
    const cut = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) pipes.hold(socket, cut);
    client.on("data", (bytes) => {
      if (bytes.includes("UPDATE turn")) isWriting = true;
      const commits = bytes.includes("COMMIT\0");
      if (!isWriting || !commits || armed === null) {
        upstream.write(bytes);
        return;
      }
      isCutting = true;
      const when = armed;
      armed = null;
      if (when === "before") cut();
      else upstream.write(bytes);
    });
    upstream.on("data", (bytes) => {
      // The command's tag: the server has committed.
      if (isCutting && bytes.includes("COMMIT\0")) cut();
      else client.write(bytes);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert(typeof address === "object" && address !== null);
  return {
    options: { ...target, hosts: [{ host: "127.0.0.1", port: address.port }] },
    cutAtCommit(when) {
      armed = when;
    },
    swallow: pipes.swallow,
    async close() {
      pipes.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Both ends of all connections. */
function createPipes() {
  const sockets = new Set<Socket>();
  let swallowed: (() => void)[] | null = null;
  return {
    hold(socket: Socket, cut: () => void): void {
      sockets.add(socket);
      if (swallowed !== null) socket.pause();
      socket.on("error", () => undefined); // followed by `close`
      socket.on("close", () => {
        sockets.delete(socket);
        if (swallowed === null) cut();
        else swallowed.push(cut);
      });
    },
    swallow(): () => void {
      swallowed = [];
      for (const socket of sockets) socket.pause();
      return () => {
        for (const cut of swallowed ?? []) cut();
        swallowed = null;
        for (const socket of sockets) socket.resume();
      };
    },
    destroy(): void {
      for (const socket of sockets) socket.destroy();
    },
  };
}

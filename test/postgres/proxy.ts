/** A TCP proxy before a PostgreSQL server, which can cut a connection at a COMMIT. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { DatabaseAddress } from "../../src/domain/database-address.ts";

export interface Proxy {
  /** The server's address, through the proxy. */
  readonly options: DatabaseAddress;
  /** Cut the connection whose writing transaction commits next: before its COMMIT reaches the server, or before the response comes back. */
  cutAtCommit(when: "before" | "after"): void;
  close(): Promise<void>;
}

export async function startProxy(target: DatabaseAddress): Promise<Proxy> {
  let armed: "before" | "after" | null = null;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const [{ host, port } = assert.fail()] = target.hosts;
    const upstream = connect(port, host);
    let isWriting = false;
    let isCutting = false;
    const cut = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", cut);
      socket.on("close", cut);
    }
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
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

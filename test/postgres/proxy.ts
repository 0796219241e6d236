/**
 * A TCP proxy before a PostgreSQL server, which can hold a COMMIT, cut a connection there, or swallow all packets for a
 * while.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { DatabaseAddress } from "../../src/domain/database-address.ts";
import { signalled } from "../harness/deadline.ts";

export interface Proxy {
  /** The server's address, through the proxy. */
  readonly options: DatabaseAddress;
  /** Cut the connection whose writing transaction commits next: before its COMMIT reaches the server, or before the response comes back. */
  cutAtCommit(when: "before" | "after"): void;
  /** Hold the COMMIT of the next writing transaction. */
  holdCommit(): HeldCommit;
  /** On new connections the server takes each COMMIT for a rollback, until the returned function is called. */
  rollBackCommits(): () => void;
  /** Pass nothing on, neither bytes nor the ends of connections, until the returned function is called. */
  swallow(): () => void;
  close(): Promise<void>;
}

export interface HeldCommit {
  /** Resolves when the COMMIT is held. The transaction has its turn. */
  readonly reached: Promise<void>;
  /** Pass the COMMIT on. */
  release(): void;
}

/** A COMMIT that has come to the proxy. */
interface Commit {
  pass(): void;
  /** Cut its connection. */
  cut(): void;
  /** Pass it on, and cut its connection before the response comes back. */
  passAndCut(): void;
}

export async function startProxy(target: DatabaseAddress): Promise<Proxy> {
  let atCommit: ((commit: Commit) => void) | null = null;
  const commits = createCommits();
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
    client.on("data", (bytes: Buffer) => {
      if (bytes.includes("UPDATE turn")) isWriting = true;
      commits.look(bytes);
      const act = isWriting && bytes.includes("COMMIT\0") ? atCommit : null;
      if (act === null) return void upstream.write(bytes);
      atCommit = null;
      act({
        cut,
        pass: () => void upstream.write(bytes),
        passAndCut() {
          isCutting = true;
          upstream.write(bytes);
        },
      });
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
      atCommit = ({ cut, passAndCut }) => (when === "before" ? cut() : passAndCut());
    },
    holdCommit() {
      const held = signalled<Commit>("a COMMIT");
      atCommit = held.give;
      const reached = held.promise.then(() => undefined);
      return { reached, release: () => void held.promise.then(({ pass }) => pass()) };
    },
    rollBackCommits: commits.rollBack,
    swallow: pipes.swallow,
    async close() {
      pipes.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** The name of the prepared statement, and its text. */
const PREPARE_COMMIT = Buffer.from("COMMIT\0COMMIT\0");
const PREPARE_ABORT = Buffer.from("COMMIT\0ABORT \0");

/** Makes the server prepare something else for COMMIT. */
function createCommits() {
  let rollsBack = false;
  return {
    look(bytes: Buffer): void {
      const at = rollsBack ? bytes.indexOf(PREPARE_COMMIT) : -1;
      if (at !== -1) bytes.set(PREPARE_ABORT, at);
    },
    rollBack(): () => void {
      rollsBack = true;
      return () => {
        rollsBack = false;
      };
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

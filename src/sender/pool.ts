/** Connections kept alive between attempts. It bounds what is idle, never what is busy: lanes limit concurrency. */
import { LRUCache } from "lru-cache";
import { CONNECTION_AGE_MS_MAX, SENDER_TARGETS_MAX } from "../domain/limits.ts";
import { Connection, type ConnectRules, type Receiver } from "./connection.ts";
import type { Target } from "./target.ts";

export class Pool {
  readonly #rules: ConnectRules;
  readonly #idleMax: number;
  readonly #receivers = new LRUCache<string, Receiver>({ max: SENDER_TARGETS_MAX });
  /** Over all receivers, idle for longest first. */
  readonly #idle = new Set<Connection>();
  readonly #open = new Set<Connection>();

  constructor(rules: ConnectRules, idleMax: number) {
    this.#rules = rules;
    this.#idleMax = idleMax;
  }

  /** What connections to this target's origin share. */
  receiver(target: Target): Receiver {
    let receiver = this.#receivers.get(target.origin);
    if (receiver === undefined) {
      receiver = { target, idle: [], session: null };
      this.#receivers.set(target.origin, receiver);
    }
    return receiver;
  }

  /** The connection used last, or a new one. */
  take(receiver: Receiver, nowMs: number): Connection {
    for (;;) {
      const connection = receiver.idle.pop();
      if (connection === undefined) return this.fresh(receiver);
      this.#idle.delete(connection);
      if (!isOld(connection, nowMs)) return connection;
      this.discard(connection);
    }
  }

  fresh(receiver: Receiver): Connection {
    const connection = new Connection(receiver, this.#rules, (ended) => this.#forgetIdle(ended));
    this.#open.add(connection);
    return connection;
  }

  /** Give back a connection whose exchange is over and whose answer was read whole. */
  release(connection: Connection, nowMs: number): void {
    if (connection.openedMs === 0) connection.openedMs = nowMs;
    connection.answers += 1;
    if (!connection.drained || isOld(connection, nowMs)) {
      this.discard(connection);
      return;
    }
    connection.receiver.idle.push(connection);
    this.#idle.add(connection);
    if (this.#idle.size > this.#idleMax) {
      const [longest] = this.#idle;
      if (longest !== undefined) this.#forgetIdle(longest);
    }
  }

  discard(connection: Connection): void {
    void this.#end(connection);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((connection) => this.#end(connection)));
  }

  #forgetIdle(connection: Connection): void {
    const { idle } = connection.receiver;
    const index = idle.indexOf(connection);
    if (index >= 0) idle.splice(index, 1);
    this.discard(connection);
  }

  async #end(connection: Connection): Promise<void> {
    this.#idle.delete(connection);
    await connection.destroy();
    this.#open.delete(connection);
  }
}

const isOld = (connection: Connection, nowMs: number): boolean => nowMs - connection.openedMs > CONNECTION_AGE_MS_MAX;

/** Keeps connections alive between attempts. The pool limits idle connections only; lanes limit busy ones. */
import { LRUCache } from "lru-cache";
import {
  CONNECTION_AGE_MS_MAX,
  CONNECTION_IDLE_MS,
  entriesMax,
  IDLE_SWEEP_MS,
  KEEP_ALIVE_MARGIN_MS,
  SENDER_TARGETS_MAX,
} from "../domain/limits.ts";
import { Connection, type ConnectRules, type Receiver } from "./connection.ts";
import type { Target } from "./target.ts";

export class Pool {
  readonly #rules: ConnectRules;
  readonly #idleMax: () => number;
  readonly #receivers = new LRUCache<string, Receiver>(entriesMax(SENDER_TARGETS_MAX));
  /** The idle connections of all receivers, longest idle first. */
  readonly #idle = new Set<Connection>();
  readonly #open = new Set<Connection>();
  #sweeping = false;

  constructor(rules: ConnectRules, idleMax: () => number) {
    this.#rules = rules;
    this.#idleMax = idleMax;
  }

  /** The shared state of one owner's connections to this target's origin. */
  receiver(target: Target, owner: string): Receiver {
    const key = `${owner} ${target.origin}`;
    let receiver = this.#receivers.get(key);
    if (receiver === undefined) {
      receiver = { target, idle: [], session: null };
      this.#receivers.set(key, receiver);
    }
    return receiver;
  }

  /** The most recently used idle connection, or a new one. */
  take(receiver: Receiver, nowMs: number): Connection {
    for (;;) {
      const connection = receiver.idle.pop();
      if (connection === undefined) return this.fresh(receiver);
      this.#idle.delete(connection);
      if (isUsable(connection, nowMs)) return connection;
      this.discard(connection);
    }
  }

  fresh(receiver: Receiver): Connection {
    const connection = new Connection(receiver, this.#rules, (ended) => this.#forgetIdle(ended));
    this.#open.add(connection);
    return connection;
  }

  /**
   * Return a connection after an exchange whose response was complete.
   *
   * @param idleSeconds how long the receiver keeps the connection idle, if it said so (`Keep-Alive: timeout=`)
   */
  release(connection: Connection, nowMs: number, idleSeconds: number | null): void {
    if (connection.openedMs === 0) connection.openedMs = nowMs;
    connection.responses += 1;
    connection.idleUntilMs = nowMs + idleMs(idleSeconds);
    if (!connection.drained || !isUsable(connection, nowMs)) {
      this.discard(connection);
      return;
    }
    connection.receiver.idle.push(connection);
    this.#idle.add(connection);
    if (this.#idle.size > this.#idleMax()) {
      const [longest] = this.#idle;
      if (longest !== undefined) this.#forgetIdle(longest);
    }
    this.#sweepLater();
  }

  discard(connection: Connection): void {
    this.#idle.delete(connection);
    this.#open.delete(connection);
    connection.destroy();
  }

  close(): void {
    for (const connection of [...this.#open]) this.discard(connection);
  }

  #forgetIdle(connection: Connection): void {
    const { idle } = connection.receiver;
    const index = idle.indexOf(connection);
    if (index >= 0) idle.splice(index, 1);
    this.discard(connection);
  }

  /** One timer for all idle connections. It runs only while there are any. */
  #sweepLater(): void {
    if (this.#sweeping || this.#idle.size === 0) return;
    this.#sweeping = true;
    this.#rules.clock.after(IDLE_SWEEP_MS, () => {
      this.#sweeping = false;
      const nowMs = this.#rules.clock.monotonicMs();
      for (const connection of [...this.#idle]) if (!isUsable(connection, nowMs)) this.#forgetIdle(connection);
      this.#sweepLater();
    });
  }
}

function idleMs(idleSeconds: number | null): number {
  if (idleSeconds === null) return CONNECTION_IDLE_MS;
  return Math.min(idleSeconds * 1000 - KEEP_ALIVE_MARGIN_MS, CONNECTION_AGE_MS_MAX);
}

const isUsable = (connection: Connection, nowMs: number): boolean =>
  nowMs < connection.idleUntilMs && nowMs - connection.openedMs <= CONNECTION_AGE_MS_MAX;

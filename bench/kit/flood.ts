/**
 * A flood. Each connection has one or more unanswered requests at all times, and reconnects when the server closes it.
 */
import { once } from "node:events";
import net from "node:net";
import { Connection } from "./connection.ts";

export interface Flood {
  readonly port: number;
  readonly connections: number;
  /** Unanswered requests of each connection. 1: wait for each answer. */
  readonly depth: number;
  /** The local address of each connection. */
  from(connection: number): string;
  next(): string;
}

export interface Flooded {
  readonly seconds: number;
  /** The number of answers with each status. */
  readonly statuses: ReadonlyMap<number, number>;
}

/** Floods during the work. The flood begins before the work and ends after it. */
export async function floodWhile<T>(
  flood: Flood,
  work: () => Promise<T>,
): Promise<{ readonly flooded: Flooded; readonly result: T }> {
  const over = new AbortController();
  const statuses = new Map<number, number>();
  const startedAt = performance.now();
  const flooding = Promise.all(
    Array.from({ length: flood.connections }, async (_, index) => {
      const floodOver = flood.depth === 1 ? floodWaiting : floodAhead;
      while (!over.signal.aborted) await floodOver(flood, index, over.signal, statuses);
    }),
  );
  try {
    const result = await work();
    return { flooded: { seconds: (performance.now() - startedAt) / 1000, statuses }, result };
  } finally {
    over.abort();
    await flooding;
  }
}

/** Sends until the connection is closed or the flood is over. */
async function floodWaiting(
  { port, from, next }: Flood,
  index: number,
  over: AbortSignal,
  statuses: Map<number, number>,
): Promise<void> {
  const connection = await Connection.open(port, from(index));
  try {
    while (!over.aborted) {
      const { status } = await connection.ask(next());
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  } catch {
    // The server may close a connection instead of reading a request. The caller opens a new one.
  } finally {
    connection.close();
  }
}

const STATUS = /HTTP\/1\.1 (\d{3})/g;

/** Like {@link floodWaiting}, without waiting for answers. May miss an answer that arrives in two pieces. */
async function floodAhead(
  { port, depth, from, next }: Flood,
  index: number,
  over: AbortSignal,
  statuses: Map<number, number>,
): Promise<void> {
  const socket = net.connect({ host: "127.0.0.1", port, localAddress: from(index), noDelay: true });
  const closed = once(socket, "close");
  const send = (count: number): void =>
    void socket.write(Array.from({ length: count }, () => next()).join(""), "latin1");
  const end = (): void => void socket.destroy();
  over.addEventListener("abort", end);
  socket.on("error", end);
  socket.on("connect", () => send(depth));
  socket.on("data", (bytes) => {
    const answers = [...bytes.toString("latin1").matchAll(STATUS)].map(([, status]) => Number(status));
    for (const status of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (answers.length > 0 && socket.writable) send(answers.length);
  });
  await closed;
  over.removeEventListener("abort", end);
}

export function requestsOf({ statuses }: Flooded): number {
  return [...statuses.values()].reduce((sum, count) => sum + count, 0);
}

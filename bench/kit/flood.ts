/**
 * A flood: each connection sends as soon as it has its answer, or so many ahead of their answers, and opens anew when it
 * is closed.
 */
import { once } from "node:events";
import net from "node:net";
import { Connection } from "./connection.ts";

export interface Flood {
  readonly port: number;
  readonly connections: number;
  /** Requests of each connection without an answer: 1 waits for each. */
  readonly depth: number;
  /** The address of each connection. */
  from(connection: number): string;
  next(): string;
}

export interface Flooded {
  readonly seconds: number;
  /** How often each status was answered. */
  readonly statuses: ReadonlyMap<number, number>;
}

/** The flood begins before the work, and ends after it. */
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

/** Until the connection is closed, or the flood is over. */
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
    // Closed by the server, as it may do to whoever sends what it will not read: a new one is opened.
  } finally {
    connection.close();
  }
}

const STATUS = /HTTP\/1\.1 (\d{3})/g;

/** As {@link floodWaiting}, without waiting. An answer that comes in two pieces may be missed. */
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

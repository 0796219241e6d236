/** A flood: each connection sends as soon as it has its answer, and opens anew when it is closed. */
import { Connection } from "./connection.ts";

export interface Flood {
  readonly port: number;
  readonly connections: number;
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
async function floodOver(
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

export function requestsOf({ statuses }: Flooded): number {
  return [...statuses.values()].reduce((sum, count) => sum + count, 0);
}

/** Signs of life for a client that waits. */
import { MCP_PROGRESS_MS } from "../../domain/limits.ts";
import type { Clock, Timer } from "../../ports/clock.ts";

/** Calls `tell` every `MCP_PROGRESS_MS` until the work ends. */
export async function whileTelling<T>(clock: Pick<Clock, "after">, tell: () => void, work: Promise<T>): Promise<T> {
  const next = (): Timer =>
    clock.after(MCP_PROGRESS_MS, () => {
      timer = next();
      tell();
    });
  let timer = next();
  try {
    return await work;
  } finally {
    timer.cancel();
  }
}

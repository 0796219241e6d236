/** Long work of one caller, in slices between which the event loop serves the others. */
import { BATCH_SLICE_MS } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";

/** Resolves when the event loop has looked at everything else that is to be done now. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Begin `start` for each item, in order, and wait for all of them.
 *
 * After each `BATCH_SLICE_MS` of beginning, the event loop takes a turn.
 */
export async function inSlices<Item, Result>(
  clock: Pick<Clock, "monotonicMs">,
  items: readonly Item[],
  start: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Promise<Result>[] = [];
  let sliceEndsAt = clock.monotonicMs() + BATCH_SLICE_MS;
  for (const [index, item] of items.entries()) {
    const result = start(item, index);
    // It is awaited below, with all the others; Node must not take it for unhandled when it fails before that.
    result.catch(() => undefined);
    results.push(result);
    if (clock.monotonicMs() < sliceEndsAt) continue;
    await nextTurn();
    sliceEndsAt = clock.monotonicMs() + BATCH_SLICE_MS;
  }
  return Promise.all(results);
}

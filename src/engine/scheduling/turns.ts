/** Long work of one caller, in slices, so that the event loop serves the other callers in between. */
import { BATCH_SLICE_MS } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";

/** Resolves when the event loop has done everything else that is due now. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Call `start` for each item, in order, and wait for all results.
 *
 * The event loop takes a turn after every `BATCH_SLICE_MS` of starting.
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
    // All results are awaited below. Until then Node must not report an early rejection as unhandled.
    result.catch(() => undefined);
    results.push(result);
    if (clock.monotonicMs() < sliceEndsAt) continue;
    await nextTurn();
    sliceEndsAt = clock.monotonicMs() + BATCH_SLICE_MS;
  }
  return Promise.all(results);
}

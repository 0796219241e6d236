/**
 * Drawing a chart takes some 100 ms. Charts take turns, one in each frame, so that a page with ten of them stays usable
 * while it draws.
 */
import { useEffect, useState } from "react";
import { flushSync } from "react-dom";

const waiting = new Set<() => void>();
let isTurning = false;

function afterFrame(): void {
  // In a task after the frame: a chart draws itself when the frame has measured it.
  requestAnimationFrame(() => setTimeout(take));
}

function take(): void {
  const [first] = waiting;
  isTurning = first !== undefined;
  if (first === undefined) return;
  waiting.delete(first);
  flushSync(first);
  afterFrame();
}

/**
 * What to show, once it is this component's turn; null before its first turn.
 *
 * @param load loads the code that shows it
 * @param key the content of `latest`: what has the same key is not shown again
 */
export function useTurn<Shown extends object>(latest: Shown, key: string, load: () => Promise<unknown>): Shown | null {
  const [shown, setShown] = useState<Shown | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` is the content of `latest`
  useEffect(() => {
    const show = (): void => setShown(latest);
    let isGone = false;
    const queue = (): void => {
      if (isGone) return;
      waiting.add(show);
      if (isTurning) return;
      isTurning = true;
      afterFrame();
    };
    // Those that wait for the code would all go on at once when it is there. If it cannot be loaded, showing says so.
    load().then(queue, queue);
    return () => {
      isGone = true;
      waiting.delete(show);
    };
  }, [key]);
  return shown;
}

/** One timer for many wake-up times: the earliest of a heap. */
import type { EpochMs } from "../../domain/ids.ts";
import { TIMER_MS_MAX } from "../../domain/limits.ts";
import type { Clock, Timer } from "../../ports/clock.ts";

export interface Alarms<T> {
  /** Wake `subject` at `at`; an earlier alarm of the same subject stands, a later one is replaced. */
  set(subject: T, at: EpochMs): void;
  stop(): void;
}

interface Alarm<T> {
  readonly subject: T;
  readonly at: EpochMs;
}

export function createAlarms<T>(clock: Clock, wake: (subject: T) => void): Alarms<T> {
  const heap: Alarm<T>[] = [];
  /** The alarm that counts for each subject; others of it in the heap are left over, and skipped. */
  const current = new Map<T, EpochMs>();
  let timer: Timer | null = null;
  let timerAt = Number.POSITIVE_INFINITY;

  function arm(): void {
    const first = heap[0];
    if (first === undefined || first.at >= timerAt) return;
    timer?.cancel();
    timerAt = first.at;
    timer = clock.after(Math.min(Math.max(first.at - clock.now(), 0), TIMER_MS_MAX), ring);
  }

  function ring(): void {
    timer = null;
    timerAt = Number.POSITIVE_INFINITY;
    const now = clock.now();
    for (let first = heap[0]; first !== undefined && first.at <= now; first = heap[0]) {
      pop(heap);
      if (current.get(first.subject) !== first.at) continue;
      current.delete(first.subject);
      wake(first.subject);
    }
    arm();
  }

  return {
    set(subject, at) {
      const present = current.get(subject);
      if (present !== undefined && present <= at) return;
      current.set(subject, at);
      push(heap, { subject, at });
      arm();
    },
    stop() {
      timer?.cancel();
      heap.length = 0;
      current.clear();
    },
  };
}

function push<T>(heap: Alarm<T>[], alarm: Alarm<T>): void {
  let index = heap.push(alarm) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent] as Alarm<T>;
    if (above.at <= alarm.at) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = alarm;
}

function pop<T>(heap: Alarm<T>[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    const right = heap[child + 1];
    if (right !== undefined && right.at < (heap[child] as Alarm<T>).at) child += 1;
    const below = heap[child] as Alarm<T>;
    if (below.at >= last.at) break;
    heap[index] = below;
    index = child;
  }
  heap[index] = last;
}

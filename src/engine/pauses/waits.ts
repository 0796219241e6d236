/** Long polls: requests that wait for a pause to end. */
import type { Seq, Uuid } from "../../domain/ids.ts";
import { PAUSE_WAITS_COUNT_MAX } from "../../domain/limits.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { LongPoll } from "./pause-types.ts";

type Timers = Pick<Clock, "after">;
type Wait = Pick<LongPoll, "waitMs" | "signal">;

export class Waits {
  readonly #clock: Timers;
  readonly #watches = new Map<Uuid, Set<Watch>>();
  readonly #counts = new Map<Seq, number>();
  #closed = false;

  constructor(clock: Timers) {
    this.#clock = clock;
  }

  /**
   * Begin to watch a pause. Call this before you read the pause, so that you miss no change in between.
   *
   * @param ofPauseMax the most watches that the pause may have, this one included
   * @returns null when the pause has that many, or the tenant `PAUSE_WAITS_COUNT_MAX`
   */
  watch(tenantSeq: Seq, id: Uuid, ofPauseMax = PAUSE_WAITS_COUNT_MAX): Watch | null {
    const count = this.#counts.get(tenantSeq) ?? 0;
    if (count >= PAUSE_WAITS_COUNT_MAX) return null;
    const watches = this.#watches.get(id) ?? new Set<Watch>();
    if (watches.size >= ofPauseMax) return null;
    this.#counts.set(tenantSeq, count + 1);
    const watch = new Watch(this.#clock, () => {
      this.#release(tenantSeq);
      watches.delete(watch);
      if (watches.size === 0) this.#watches.delete(id);
    });
    if (this.#closed) watch.close();
    this.#watches.set(id, watches.add(watch));
    return watch;
  }

  /** This pause ended, or may have ended. */
  signal(id: Uuid): void {
    for (const watch of this.#watches.get(id) ?? []) watch.signal();
  }

  /** Any pause may have ended, or any caller may have lost the right to read it. */
  signalAll(): void {
    for (const watch of this.#all()) watch.signal();
  }

  /** The server stops: every wait ends now, and later ones end at once. */
  close(): void {
    this.#closed = true;
    for (const watch of this.#all()) watch.close();
  }

  #all(): Watch[] {
    return [...this.#watches.values()].flatMap((watches) => [...watches]);
  }

  #release(tenantSeq: Seq): void {
    const count = (this.#counts.get(tenantSeq) ?? 0) - 1;
    if (count === 0) this.#counts.delete(tenantSeq);
    else this.#counts.set(tenantSeq, count);
  }
}

/** One request's watch on one pause. */
export class Watch {
  readonly #clock: Timers;
  readonly #onEnd: () => void;
  #signaled = false;
  #closed = false;
  #ended = false;
  #wake: (() => void) | null = null;

  constructor(clock: Timers, onEnd: () => void) {
    this.#clock = clock;
    this.#onEnd = onEnd;
  }

  /**
   * Wait for a signal.
   *
   * @returns true when the pause was signaled since the watch began, or since the last call. False when the time is up,
   *          the client disconnected, or the server stops.
   */
  async changed(poll: Wait): Promise<boolean> {
    if (!this.#closed) await this.#signalOrTimeout(poll);
    const changed = this.#signaled && !this.#closed;
    this.#signaled = false;
    return changed;
  }

  signal(): void {
    this.#signaled = true;
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  /** Stop watching. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd();
  }

  #signalOrTimeout({ waitMs, signal }: Wait): Promise<void> {
    if (this.#signaled || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        signal.removeEventListener("abort", done);
        this.#wake = null;
        resolve();
      };
      const timer: Timer = this.#clock.after(waitMs, done);
      signal.addEventListener("abort", done, { once: true });
      this.#wake = done;
    });
  }
}

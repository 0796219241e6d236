/** Times pauses out when their deadline comes. */
import type { EpochMs, Uuid } from "../../domain/ids.ts";
import { DUE_PAUSES_COUNT_MAX, DUE_PAUSES_LOOK_MS } from "../../domain/limits.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { Store, Wake } from "../../ports/store.ts";
import type { Outage } from "../upkeep/outage.ts";

export interface Deadlines {
  /** A pause was made that expires then. */
  note(expiresAt: EpochMs): void;
  /** Resolves once whatever is due by now has been timed out, unless the store cannot. */
  caughtUp(): Promise<void>;
  stop(): Promise<void>;
}

export interface DeadlinesOptions {
  readonly clock: Clock;
  readonly store: Pick<Store, "endDuePauses">;
  readonly outage: Pick<Outage, "report">;
  /** These have timed out. */
  readonly onEnded: (ids: readonly Uuid[], woken: readonly Wake[]) => void;
}

export function startDeadlines({ clock, store, outage, onEnded }: DeadlinesOptions): Deadlines {
  /** When the next is due; in the past at the start, when nobody knows yet. */
  let nextAt: EpochMs = 0;
  let timer: Timer | null = null;
  let running: Promise<void> | null = null;
  let stopped = false;

  /** The timer never waits for long: it counts elapsed time, and a deadline is a time of the wall clock's. */
  function arm(): void {
    timer?.cancel();
    if (stopped) return;
    const waitMs = Math.min(Math.max(nextAt - clock.now(), 0), DUE_PAUSES_LOOK_MS);
    timer = clock.after(waitMs, () => {
      if (clock.now() < nextAt) arm();
      else void run();
    });
  }

  function run(): Promise<void> {
    running ??= endDue()
      .catch((error) => {
        outage.report(error);
        nextAt = clock.now() + DUE_PAUSES_LOOK_MS;
      })
      .finally(() => {
        running = null;
        arm();
      });
    return running;
  }

  async function endDue(): Promise<void> {
    while (!stopped) {
      const now = clock.now();
      // Noted while the store looks: it may not have seen that one.
      nextAt = Number.POSITIVE_INFINITY;
      const due = await store.endDuePauses(now, DUE_PAUSES_COUNT_MAX);
      if (due.ended.length > 0) onEnded(due.ended, due.woken);
      nextAt = Math.min(nextAt, due.nextAt ?? Number.POSITIVE_INFINITY);
      if (nextAt > clock.now()) return;
    }
  }

  arm();
  return {
    note(expiresAt) {
      if (expiresAt >= nextAt) return;
      nextAt = expiresAt;
      if (running === null) arm();
    },
    async caughtUp() {
      if (running !== null || nextAt <= clock.now()) await run();
    },
    async stop() {
      stopped = true;
      timer?.cancel();
      await running;
    },
  };
}

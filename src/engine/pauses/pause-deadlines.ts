/** Times pauses out at their deadlines, and takes the steps that are due before. */
import type { EpochMs } from "../../domain/ids.ts";
import { DUE_PAUSES_COUNT_MAX, DUE_PAUSES_LOOK_MS } from "../../domain/limits.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { DuePauses, Store, Wake } from "../../ports/store.ts";
import type { Outage } from "../upkeep/outage.ts";

export interface DeadlinesOptions {
  readonly clock: Clock;
  readonly store: Pick<Store, "endDuePauses">;
  readonly outage: Pick<Outage, "report">;
  /** These pauses have timed out. */
  readonly onEnded: (ended: DuePauses["ended"], woken: readonly Wake[]) => void;
  /** These pauses were escalated, or have messages to send. */
  readonly onStepped: (stepped: DuePauses["stepped"]) => void;
}

export class PauseDeadlines {
  readonly #options: DeadlinesOptions;
  /** When the next pause is due, or has a step. In the past at the start, because nothing has been read yet. */
  #nextAt: EpochMs = 0;
  #timer: Timer | null = null;
  #running: Promise<void> | null = null;
  #stopped = false;

  constructor(options: DeadlinesOptions) {
    this.#options = options;
  }

  start(): void {
    this.#arm();
  }

  /** A pause has something to do at this time. */
  add(at: EpochMs): void {
    if (at >= this.#nextAt) return;
    this.#nextAt = at;
    if (this.#running === null) this.#arm();
  }

  /** Resolves once every pause that is due by now has timed out, or the store has failed to write that. */
  async caughtUp(): Promise<void> {
    if (this.#running !== null || this.#nextAt <= this.#options.clock.now()) await this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  /** The timer is always short: it counts elapsed time, whereas a deadline is a wall-clock time, which may jump. */
  #arm(): void {
    this.#timer?.cancel();
    if (this.#stopped || this.#nextAt === Number.POSITIVE_INFINITY) return; // no pause waits
    const { clock } = this.#options;
    const waitMs = Math.min(Math.max(this.#nextAt - clock.now(), 0), DUE_PAUSES_LOOK_MS);
    this.#timer = clock.after(waitMs, () => {
      if (clock.now() < this.#nextAt) this.#arm();
      else void this.#run();
    });
  }

  #run(): Promise<void> {
    this.#running ??= this.#runOnce();
    return this.#running;
  }

  async #runOnce(): Promise<void> {
    const { clock, outage } = this.#options;
    try {
      await this.#endDue();
    } catch (error) {
      outage.report(error);
      this.#nextAt = clock.now() + DUE_PAUSES_LOOK_MS;
    }
    this.#running = null;
    this.#arm();
  }

  async #endDue(): Promise<void> {
    const { clock, store, onEnded, onStepped } = this.#options;
    while (!this.#stopped) {
      const now = clock.now();
      // `add` may set an earlier deadline during the read, which the store may not have seen.
      this.#nextAt = Number.POSITIVE_INFINITY;
      const due = await store.endDuePauses(now, DUE_PAUSES_COUNT_MAX);
      if (due.ended.length > 0) onEnded(due.ended, due.woken);
      if (due.stepped.length > 0) onStepped(due.stepped);
      this.#nextAt = Math.min(this.#nextAt, due.nextAt ?? Number.POSITIVE_INFINITY);
      if (this.#nextAt > clock.now()) return;
    }
  }
}

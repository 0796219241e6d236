/** Notices that PostgreSQL has stopped answering a thread of the store, and refuses the calls that are not being committed. */
import { StoreUnavailable } from "../../domain/errors.ts";
import { POSTGRES_LOOK_MS, POSTGRES_LOOKS_COUNT_MAX } from "../../domain/limits.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import { answersOf, type ProgressData, withdraw } from "./progress.ts";

export interface SilenceOptions {
  readonly progress: ProgressData;
  readonly clock: Pick<Clock, "after">;
  /** The calls without a reply, by their ids. */
  readonly waiting: Map<number, { readonly reject: (error: Error) => void }>;
  /**
   * Given for a thread that reads: whether writes fail. A read may take longer than a silence is noticed, so that alone is
   * no silence.
   */
  readonly writesFail?: () => boolean;
}

/** The calls that find out whether PostgreSQL answers again, each by itself. */
const PROBES = new Set(["heartbeat", "enter"]);
const SILENT = "PostgreSQL does not answer";
const COMMITTING =
  "PostgreSQL does not answer a COMMIT; with synchronous_standby_names, a COMMIT waits until a standby is connected";

export class Silence {
  readonly #options: SilenceOptions;
  #timer: Timer | null = null;
  #lastId = 0;
  #answers = 0;
  /** How often it looked without a new answer. */
  #looks = 0;
  /** Why calls are refused; null while PostgreSQL answers. */
  #reason: string | null = null;

  constructor(options: SilenceOptions) {
    this.#options = options;
  }

  get isBegun(): boolean {
    return this.#reason !== null;
  }

  /** @throws StoreUnavailable during a silence */
  check(verb: string): void {
    const probes = PROBES.has(verb) && this.#options.waiting.size === 0;
    if (this.#reason !== null && !probes) throw new StoreUnavailable(this.#reason);
  }

  /** A call is sent to the thread. */
  sent(id: number): void {
    this.#lastId = id;
    if (this.#timer !== null) return;
    this.#looks = 0;
    this.#answers = answersOf(this.#options.progress);
    this.#lookLater();
  }

  /** @param succeeded whether it is the reply of a call that was not refused, and that PostgreSQL has answered */
  replied(succeeded: boolean): void {
    // No read is sent during a silence, so any reply means that the thread has ended its call and can try the next.
    if (!succeeded && this.#options.writesFail === undefined) return;
    this.#reason = null;
    this.#looks = 0;
  }

  #lookLater(): void {
    this.#timer = this.#options.clock.after(POSTGRES_LOOK_MS, () => {
      this.#timer = null;
      this.#look();
    });
  }

  #look(): void {
    const { progress, waiting } = this.#options;
    if (waiting.size === 0) return;
    const answers = answersOf(progress);
    this.#looks = answers === this.#answers ? this.#looks + 1 : 0;
    this.#answers = answers;
    this.#lookLater();
    if (this.#reason !== null || this.#looks < POSTGRES_LOOKS_COUNT_MAX) return;
    if (this.#options.writesFail?.() !== false) this.#begin();
  }

  #begin(): void {
    const { progress, waiting } = this.#options;
    const committed = withdraw(progress, this.#lastId);
    const reason = waiting.keys().some((id) => id <= committed) ? COMMITTING : SILENT;
    this.#reason = reason;
    for (const [id, { reject }] of waiting) {
      if (id <= committed) continue;
      waiting.delete(id);
      reject(new StoreUnavailable(reason));
    }
  }
}

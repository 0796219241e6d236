/** Notices that PostgreSQL has stopped answering the writer thread, and refuses the calls that are not being committed. */
import { StoreUnavailable } from "../../domain/errors.ts";
import { POSTGRES_LOOK_MS, POSTGRES_LOOKS_COUNT_MAX } from "../../domain/limits.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import { answersOf, type ProgressData, withdraw } from "./progress.ts";

export interface SilenceOptions {
  readonly progress: ProgressData;
  readonly clock: Pick<Clock, "after">;
  /** The calls without a reply, by their ids. */
  readonly waiting: Map<number, { readonly reject: (error: Error) => void }>;
}

/** The calls that find out whether PostgreSQL answers again, each by itself. */
const PROBES = new Set(["heartbeat", "enter"]);
const SILENT = "PostgreSQL does not answer";

export class Silence {
  readonly #options: SilenceOptions;
  #timer: Timer | null = null;
  #lastId = 0;
  #answers = 0;
  /** How often it looked without a new answer. */
  #looks = 0;
  #isBegun = false;

  constructor(options: SilenceOptions) {
    this.#options = options;
  }

  get isBegun(): boolean {
    return this.#isBegun;
  }

  /** @throws StoreUnavailable during a silence */
  check(verb: string): void {
    const probes = PROBES.has(verb) && this.#options.waiting.size === 0;
    if (this.#isBegun && !probes) throw new StoreUnavailable(SILENT);
  }

  /** A call is sent to the thread. */
  sent(id: number): void {
    this.#lastId = id;
    if (this.#timer !== null) return;
    this.#looks = 0;
    this.#answers = answersOf(this.#options.progress);
    this.#lookLater();
  }

  /** A call succeeded. */
  end(): void {
    this.#isBegun = false;
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
    if (!this.#isBegun && this.#looks >= POSTGRES_LOOKS_COUNT_MAX) this.#begin();
  }

  #begin(): void {
    const { progress, waiting } = this.#options;
    this.#isBegun = true;
    const committed = withdraw(progress, this.#lastId);
    for (const [id, { reject }] of waiting) {
      if (id <= committed) continue;
      waiting.delete(id);
      reject(new StoreUnavailable(SILENT));
    }
  }
}

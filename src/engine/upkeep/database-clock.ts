/** Follows the clock of a database that nodes share, so that nodes with different clocks agree on what is due. */
import type { EpochMs } from "../../domain/ids.ts";
import { CLOCK_OFFSET_MS_MAX, CLOCK_SAMPLE_MS } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Telemetry } from "../../ports/telemetry.ts";

interface Sample {
  readonly offsetMs: number;
  /** The database's time is from some moment of the round trip, so half of it is the error of the offset. */
  readonly roundTripMs: number;
  readonly takenMs: number;
}

export class DatabaseClock {
  readonly #clock: Pick<Clock, "follow" | "monotonicMs" | "wallMs">;
  readonly #telemetry: Pick<Telemetry, "noticed">;
  #followed: Sample | null = null;
  #isFar = false;

  constructor(clock: Pick<Clock, "follow" | "monotonicMs" | "wallMs">, telemetry: Pick<Telemetry, "noticed">) {
    this.#clock = clock;
    this.#telemetry = telemetry;
  }

  /** How far the database's clock is ahead of this machine's. 0 without a database that has a clock of its own. */
  get offsetMs(): number {
    return this.#followed?.offsetMs ?? 0;
  }

  /** The database's time, from a call that was begun then. */
  heard(at: EpochMs | null, beganMs: number): void {
    if (at === null) return;
    const takenMs = this.#clock.monotonicMs();
    const roundTripMs = takenMs - beganMs;
    const offsetMs = Math.round(at - this.#clock.wallMs() + roundTripMs / 2);
    const sample = { offsetMs, roundTripMs, takenMs };
    if (this.#followed !== null && isMoreExact(this.#followed, sample)) return;
    this.#followed = sample;
    this.#clock.follow(offsetMs);
    this.#report(offsetMs);
  }

  #report(offsetMs: number): void {
    const isFar = Math.abs(offsetMs) > CLOCK_OFFSET_MS_MAX;
    if (isFar && !this.#isFar) {
      this.#telemetry.noticed({ level: "warn", what: "clock_differs", fields: { offset_ms: offsetMs } });
    }
    this.#isFar = isFar;
  }
}

/** Whether the earlier sample still holds and had a shorter round trip. If the two contradict each other, a clock was set. */
function isMoreExact(earlier: Sample, later: Sample): boolean {
  if (later.takenMs - earlier.takenMs > CLOCK_SAMPLE_MS || later.roundTripMs <= earlier.roundTripMs) return false;
  const differenceMs = Math.abs(later.offsetMs - earlier.offsetMs);
  return differenceMs <= (earlier.roundTripMs + later.roundTripMs) / 2 + 1;
}

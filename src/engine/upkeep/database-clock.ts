/** Follows the clock of a database that nodes share, so that nodes with different clocks agree on what is due. */
import type { EpochMs } from "../../domain/ids.ts";
import { CLOCK_OFFSET_MS_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Telemetry } from "../../ports/telemetry.ts";

type Clocks = Pick<Clock, "follow" | "followedMs" | "monotonicMs" | "wallMs">;

export class DatabaseClock {
  readonly #clock: Clocks;
  readonly #telemetry: Pick<Telemetry, "noticed">;
  #isFollowed = false;
  #isFar = false;

  constructor(clock: Clocks, telemetry: Pick<Telemetry, "noticed">) {
    this.#clock = clock;
    this.#telemetry = telemetry;
  }

  /** How far the database's clock is ahead of this machine's. 0 without a database that has a clock of its own. */
  get offsetMs(): number {
    return this.#isFollowed ? this.#clock.followedMs() - this.#clock.wallMs() : 0;
  }

  /** The database's time, from a call that was begun then. It is from some moment of the round trip. */
  heard(at: EpochMs | null, beganMs: number): void {
    if (at === null) return;
    this.#clock.follow(at, beganMs);
    this.#isFollowed = true;
    // After a long round trip, the time is too inexact to blame a clock.
    if (this.#clock.monotonicMs() - beganMs <= CLOCK_OFFSET_MS_MAX) this.#report(this.offsetMs);
  }

  #report(offsetMs: number): void {
    const isFar = Math.abs(offsetMs) > CLOCK_OFFSET_MS_MAX;
    if (isFar && !this.#isFar) {
      this.#telemetry.noticed({ level: "warn", what: "clock_differs", fields: { offset_ms: offsetMs } });
    }
    this.#isFar = isFar;
  }
}

/** Follows the clock of a database that nodes share, so that nodes with different clocks agree on what is due. */
import type { EpochMs } from "../../domain/ids.ts";
import { CLOCK_OFFSET_MS_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Telemetry } from "../../ports/telemetry.ts";

export class DatabaseClock {
  readonly #clock: Pick<Clock, "follow" | "monotonicMs" | "wallMs">;
  readonly #telemetry: Pick<Telemetry, "noticed">;
  #offsetMs = 0;
  #isFar = false;

  constructor(clock: Pick<Clock, "follow" | "monotonicMs" | "wallMs">, telemetry: Pick<Telemetry, "noticed">) {
    this.#clock = clock;
    this.#telemetry = telemetry;
  }

  /** How far the database's clock is ahead of this machine's. 0 without a database that has a clock of its own. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /**
   * The database's time, from a call that was begun then. It is from some moment of the round trip, which takes seconds when
   * the call waits. So the offset changes only as far as it contradicts that time.
   */
  heard(at: EpochMs | null, beganMs: number): void {
    if (at === null) return;
    const most = Math.round(at - this.#clock.wallMs() + this.#clock.monotonicMs() - beganMs);
    const least = Math.round(at - this.#clock.wallMs());
    this.#offsetMs = Math.min(Math.max(this.#offsetMs, least), most);
    this.#clock.follow(this.#offsetMs);
    this.#report(this.#offsetMs);
  }

  #report(offsetMs: number): void {
    const isFar = Math.abs(offsetMs) > CLOCK_OFFSET_MS_MAX;
    if (isFar && !this.#isFar) {
      this.#telemetry.noticed({ level: "warn", what: "clock_differs", fields: { offset_ms: offsetMs } });
    }
    this.#isFar = isFar;
  }
}

/** What a benchmark gets, and what it returns. */

export interface Settings {
  /** How long each load lasts, after the warm-up. */
  readonly seconds: number;
  /** A factor for the amount of data, such as the million deliveries of `history`. */
  readonly scale: number;
  /** The folder for the CPU profiles of the server's threads. Null: do not profile. */
  readonly profileDir: string | null;
  /** Events per second to healthy endpoints in `isolation`; requests per second from sources in `inbound`. */
  readonly ratePerSecond: number;
  /** Another checkout of the project, with its packages installed. Null: `--against` was not given. */
  readonly against: string | null;
  /** Print progress. */
  note(line: string): void;
}

export interface Benchmark {
  readonly name: string;
  readonly about: string;
  /** The benchmark repeats its own measurements, so `--runs` does not apply. */
  readonly once?: true;
  run(settings: Settings): Promise<readonly Measure[]>;
}

export interface Measure {
  readonly name: string;
  readonly unit: "/s" | "ms" | "s" | "MB" | "bytes" | "%" | "×" | "";
  /** NaN: could not be measured on this machine. */
  readonly value: number;
  readonly goal?: Goal;
}

export type Goal = { readonly atLeast: number } | { readonly atMost: number };

export function isMet(value: number, goal: Goal): boolean {
  return "atLeast" in goal ? value >= goal.atLeast : value <= goal.atMost;
}

/** What a benchmark is given, and what it answers. */

export interface Settings {
  /** How long each load lasts, after a second in which the server gets warm. */
  readonly seconds: number;
  /** 1: a million deliveries, or 100,000 pauses, where a benchmark speaks of so many. */
  readonly scale: number;
  /** Where the server's threads leave their CPU profiles; null: they are not profiled. */
  readonly profileDir: string | null;
  /** Events a second to healthy endpoints while others are dead; requests a second from sources. */
  readonly ratePerSecond: number;
  /** Another checkout of the project, with its packages installed; null: none was named. */
  readonly against: string | null;
  /** Tell whoever waits what goes on. */
  note(line: string): void;
}

export interface Benchmark {
  readonly name: string;
  readonly about: string;
  /** It repeats by itself what has to be repeated. */
  readonly once?: true;
  run(settings: Settings): Promise<readonly Measure[]>;
}

export interface Measure {
  readonly name: string;
  readonly unit: "/s" | "ms" | "s" | "MB" | "bytes" | "×" | "";
  /** NaN: it could not be measured here. */
  readonly value: number;
  readonly goal?: Goal;
}

export type Goal = { readonly atLeast: number } | { readonly atMost: number };

export function isMet(value: number, goal: Goal): boolean {
  return "atLeast" in goal ? value >= goal.atLeast : value <= goal.atMost;
}

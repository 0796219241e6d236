/** A value that a caller changes without always getting an answer, so that several values are possible. */
import type { Effect } from "./answers.ts";

/** The possible current values. A change may take effect as soon as it is requested, and has when it is confirmed. */
export interface Uncertain<T> {
  readonly possible: readonly T[];
  /** The number of requested changes. */
  readonly asked: number;
  /** Records a requested change. Call the returned function with the change's effect. */
  change(value: T): (effect: Effect) => void;
  /** Records that the value was observed. */
  observe(value: T): void;
}

interface Possibility<T> {
  readonly value: T;
  /** When the effect became known, or null if it is still open. */
  knownAt: number | null;
}

export function createUncertain<T>(value: T): Uncertain<T> {
  let time = 0;
  let asked = 0;
  let possibilities: Possibility<T>[] = [{ value, knownAt: 0 }];

  function change(next: T): (effect: Effect) => void {
    asked += 1;
    time += 1;
    const askedAt = time;
    const possibility: Possibility<T> = { value: next, knownAt: null };
    possibilities.push(possibility);
    return (effect) => {
      time += 1;
      possibility.knownAt = time;
      if (effect === "none") possibilities = possibilities.filter((other) => other !== possibility);
      if (effect !== "applied") return;
      // This change replaces values confirmed before its request. Changes that were open at the same time may follow
      // it.
      possibilities = possibilities.filter(
        (other) => other === possibility || other.knownAt === null || other.knownAt > askedAt,
      );
    };
  }

  return {
    get possible() {
      return possibilities.map((possibility) => possibility.value);
    },
    get asked() {
      return asked;
    },
    change,
    observe: (seen) => change(seen)("applied"),
  };
}

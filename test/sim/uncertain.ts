/** A value that a caller changes without always getting an answer, so that several values are possible. */
import type { Effect } from "./answers.ts";

/** The possible current values. A change may take effect as soon as it is requested, and has when it is confirmed. */
export interface Uncertain<T> {
  readonly possible: readonly T[];
  /** Those, and the values that were possible after this time. */
  possibleSince(ms: number): readonly T[];
  /** When the possible values last changed. */
  readonly changedMs: number;
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

/** @param nowMs for `possibleSince` */
export function createUncertain<T>(value: T, nowMs: () => number = () => 0): Uncertain<T> {
  let time = 0;
  let asked = 0;
  let changedMs = 0;
  let possibilities: Possibility<T>[] = [{ value, knownAt: 0 }];
  const former: { readonly value: T; readonly untilMs: number }[] = [];

  function keep(isPossible: (possibility: Possibility<T>) => boolean): void {
    for (const one of possibilities) if (!isPossible(one)) former.push({ value: one.value, untilMs: nowMs() });
    possibilities = possibilities.filter(isPossible);
    changedMs = nowMs();
  }

  function change(next: T): (effect: Effect) => void {
    asked += 1;
    time += 1;
    const askedAt = time;
    const possibility: Possibility<T> = { value: next, knownAt: null };
    possibilities.push(possibility);
    changedMs = nowMs();
    return (effect) => {
      time += 1;
      possibility.knownAt = time;
      if (effect === "none") keep((other) => other !== possibility);
      if (effect !== "applied") return;
      // This change replaces values confirmed before its request. Changes that were open at the same time may follow
      // it.
      keep((other) => other === possibility || other.knownAt === null || other.knownAt > askedAt);
    };
  }

  return {
    get possible() {
      return possibilities.map((possibility) => possibility.value);
    },
    possibleSince: (ms) => [
      ...possibilities.map((possibility) => possibility.value),
      ...former.flatMap((one) => (one.untilMs > ms ? [one.value] : [])),
    ],
    get changedMs() {
      return changedMs;
    },
    get asked() {
      return asked;
    },
    change,
    observe: (seen) => change(seen)("applied"),
  };
}

/** What somebody may believe who asked for changes, and was not always answered. */
import type { Fate } from "./fate.ts";

/** What something may be now. A change may have happened from when it was asked for on; once answered it has. */
export interface Belief<T> {
  readonly possible: readonly T[];
  /** How many changes were asked for. */
  readonly asked: number;
  /** Ask for a change; call the answer with what came of it. */
  change(value: T): (fate: Fate) => void;
  /** It was seen to be this. */
  see(value: T): void;
}

interface Possibility<T> {
  readonly value: T;
  /** When its fate was known; null while it is open. */
  knownAt: number | null;
}

export function createBelief<T>(value: T): Belief<T> {
  let time = 0;
  let asked = 0;
  let possibilities: Possibility<T>[] = [{ value, knownAt: 0 }];

  function change(next: T): (fate: Fate) => void {
    asked += 1;
    time += 1;
    const askedAt = time;
    const possibility: Possibility<T> = { value: next, knownAt: null };
    possibilities.push(possibility);
    return (fate) => {
      time += 1;
      possibility.knownAt = time;
      if (fate === "nothing") possibilities = possibilities.filter((other) => other !== possibility);
      if (fate !== "done") return;
      // What was settled before this was asked for is over; what was open beside it may have come after it.
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
    see: (seen) => change(seen)("done"),
  };
}

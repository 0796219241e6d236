/** Does things one after the other, and refuses more when too many wait. */
export interface InTurn {
  /** Null: too many wait. */
  run<T>(deed: () => Promise<T>): Promise<T> | null;
}

export function createInTurn(waitingMax: number): InTurn {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(deed) {
      if (waiting >= waitingMax) return null;
      waiting += 1;
      const done = last.then(deed).finally(() => {
        waiting -= 1;
      });
      // A deed that failed told whoever asked for it; the next one's turn comes all the same.
      last = done.then(
        () => undefined,
        () => undefined,
      );
      return done;
    },
  };
}

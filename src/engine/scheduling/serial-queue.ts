/** Runs tasks one after the other, and refuses more when too many wait. */
export class SerialQueue {
  readonly #waitingMax: number;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** @param waitingMax how many tasks may wait, including the one that runs; no limit when left out */
  constructor(waitingMax = Number.POSITIVE_INFINITY) {
    this.#waitingMax = waitingMax;
  }

  /** Run the task when those before it have ended, whether or not they failed. Null when too many wait. */
  run<T>(task: () => Promise<T>): Promise<T> | null {
    if (this.#waiting >= this.#waitingMax) return null;
    this.#waiting += 1;
    const done = this.#last.then(task).finally(() => {
      this.#waiting -= 1;
    });
    // The caller gets the error of a task that failed. The next task runs all the same.
    this.#last = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }
}

import { StoreUnavailable } from "../../domain/errors.ts";
import type { Thread } from "./thread.ts";

/** A thread that starts at the first call. */
export class LateThread {
  readonly #start: () => Promise<Thread>;
  #starting: Promise<Thread> | null = null;
  #isClosed = false;

  constructor(start: () => Promise<Thread>) {
    this.#start = start;
  }

  get isOpen(): boolean {
    return this.#starting !== null;
  }

  async call<T>(verb: string, args: readonly unknown[]): Promise<T> {
    if (this.#isClosed) throw new StoreUnavailable("it is closed");
    this.#starting ??= this.#started();
    return (await this.#starting).call(verb, args);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const thread = await this.#starting?.catch(() => null);
    await thread?.close();
  }

  async #started(): Promise<Thread> {
    try {
      return await this.#start();
    } catch (error) {
      // It can fail, for example without free file descriptors. A later call tries again.
      this.#starting = null;
      throw new StoreUnavailable(`a thread of it cannot start: ${error instanceof Error ? error.message : error}`);
    }
  }
}

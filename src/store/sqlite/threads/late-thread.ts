import { StoreUnavailable } from "../../../domain/errors.ts";
import type { Thread } from "./thread.ts";

/** A thread that starts at the first call. */
export interface LateThread {
  call<T>(verb: string, args: readonly unknown[]): Promise<T>;
  isOpen(): boolean;
  close(): Promise<void>;
}

export function startAtFirst(start: () => Promise<Thread>): LateThread {
  let starting: Promise<Thread> | null = null;
  let closed = false;

  async function started(): Promise<Thread> {
    try {
      return await start();
    } catch (error) {
      // It can fail, for example without free file descriptors. A later call tries again.
      starting = null;
      throw new StoreUnavailable(`a thread of it cannot start: ${error instanceof Error ? error.message : error}`);
    }
  }

  return {
    async call(verb, args) {
      if (closed) throw new StoreUnavailable("it is closed");
      starting ??= started();
      return (await starting).call(verb, args);
    },
    isOpen: () => starting !== null,
    async close() {
      closed = true;
      const thread = await starting?.catch(() => null);
      await thread?.close();
    },
  };
}

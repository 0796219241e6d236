/** How the console reads from the server: what it repeats, and what it does about a session that has ended. */
import { SignalboxError } from "@signalbox/sdk";
import { MutationCache, notifyManager, QueryCache, QueryClient } from "@tanstack/react-query";
import { isLapse, setLapsed } from "../session/lapse.ts";

const RETRIES_MAX = 2;

/** A hidden tab has no frames. */
const FRAME_MS_MAX = 50;

/** Answers that arrive in one frame render the page once. Each of them would otherwise render, lay out and paint it. */
notifyManager.setScheduler(beforeNextFrame());

function beforeNextFrame(): (run: () => void) => void {
  let due: (() => void)[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const runAll = (): void => {
    clearTimeout(timer);
    const runs = due;
    due = [];
    for (const run of runs) run();
  };
  return (run) => {
    due.push(run);
    if (due.length > 1) return;
    requestAnimationFrame(runAll);
    timer = setTimeout(runAll, FRAME_MS_MAX);
  };
}

function onError(error: unknown): void {
  if (isLapse(error)) setLapsed(true);
  // The banner says why, and that nothing is lost.
  if (error instanceof SignalboxError && error.status === 503) {
    void queries.invalidateQueries({ queryKey: ["status", "ready"] });
  }
}

export const queries = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      retry: (failures, error) => failures < RETRIES_MAX && isTemporary(error),
      retryDelay: (failures, error) => waitMs(failures, error),
    },
  },
});

/** A lost connection, and a server that is starting or busy. */
function isTemporary(error: unknown): boolean {
  return error instanceof SignalboxError && (error.status === 0 || error.status >= 502);
}

function waitMs(failures: number, error: unknown): number {
  const asked = error instanceof SignalboxError ? (error.retryAfterSeconds ?? 0) : 0;
  return Math.max(500 * 2 ** failures, asked * 1000);
}

/**
 * Preloaded by `npm test` in each process. node:test follows every promise with an async hook, which makes an `await` cost
 * 10 µs instead of 0.2, and takes up to a tenth of the CPU time of a process. It needs the hook while tests are
 * registered, to know which suite a test belongs to. Later the hook only tells it which test an uncaught error belongs
 * to; without it, such an error fails the whole file.
 */
import asyncHooks from "node:async_hooks";
import { syncBuiltinESMExports } from "node:module";

const { createHook } = asyncHooks;
const hooks: asyncHooks.AsyncHook[] = [];

asyncHooks.createHook = (callbacks) => {
  const hook = createHook(callbacks);
  hooks.push(hook);
  return hook;
};
syncBuiltinESMExports();

/** Every test of this process is registered. Has no effect if this file was not preloaded before node:test. */
export function endTracking(): void {
  // Suites that were just registered register their tests first.
  setImmediate(() => {
    for (const hook of hooks) hook.disable();
  });
}

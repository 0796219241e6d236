/**
 * The real server from its sources, except that no request leaves it: every attempt is answered from memory. It is for
 * measuring who reads of many outcomes, because sending them takes most of two cores.
 */
import { registerHooks } from "node:module";

const SENDER = new URL("../../src/sender/sender.ts", import.meta.url).href;
const ANSWERS = new URL("./answering-sender.ts", import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    return found.url === SENDER ? { ...found, url: ANSWERS } : found;
  },
});
const { run } = await import("../../src/program.ts");
await run([]);

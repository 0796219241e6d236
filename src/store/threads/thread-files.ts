/** Where the code of the store's threads is. */
import path from "node:path";
import { fileURLToPath } from "node:url";

export type ThreadName = "writer-thread" | "reader-thread" | "ledger-thread" | "checkpoint-thread" | "postgres-thread";

/**
 * The file that a thread runs. In a build, it is next to the rest of the code. From its sources, a server can also use the
 * threads of a build, which start in a fifth of the CPU time: with the condition `built`.
 */
export function threadFile(name: ThreadName): string {
  const here = import.meta.filename;
  return here.endsWith(".ts")
    ? fileURLToPath(import.meta.resolve(`#threads/${name}`))
    : path.join(path.dirname(here), `${name}.js`);
}

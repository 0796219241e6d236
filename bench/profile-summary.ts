/** `node bench/profile-summary.ts FILE-OR-FOLDER… [--top N]`: prints the functions with the most self time. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
}

/** V8's format: https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile. */
interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  readonly endTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const THREADS = ["writer", "reader", "ledger", "checkpoint", "sending", "postgres"];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { top: { type: "string", default: "25" } },
});

const files = positionals.flatMap((given) =>
  statSync(given).isDirectory()
    ? readdirSync(given)
        .filter((name) => name.endsWith(".cpuprofile"))
        .map((name) => path.join(given, name))
    : [given],
);
if (files.length === 0) throw new Error("give a .cpuprofile file, or a folder that has some");
for (const file of files) print(file, JSON.parse(readFileSync(file, "utf8")) as Profile);

function print(file: string, profile: Profile): void {
  const selfUs = selfTimes(profile);
  const idleUs = selfUs.get("(idle)") ?? 0;
  selfUs.delete("(idle)");
  const busyUs = [...selfUs.values()].reduce((sum, us) => sum + us, 0);
  const share = Math.round((busyUs / (busyUs + idleUs)) * 100);
  const lines = [...selfUs]
    .sort(([, a], [, b]) => b - a)
    .slice(0, Number(values.top))
    .map(
      ([where, us]) =>
        `  ${((us / busyUs) * 100).toFixed(1).padStart(5)} %  ${(us / 1000).toFixed(0).padStart(7)} ms  ${where}`,
    );
  process.stdout.write(
    `${threadOf(profile)} (${path.basename(file)}): busy ${(busyUs / 1e6).toFixed(1)} s, ${share} %\n`,
  );
  process.stdout.write(`${lines.join("\n")}\n\n`);
}

/** A sample's time counts for the function at the top of its stack. All calls of a function are added up. */
function selfTimes({ nodes, samples, timeDeltas }: Profile): Map<string, number> {
  const names = new Map(nodes.map((node) => [node.id, nameOf(node)]));
  const selfUs = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? "?";
    selfUs.set(name, (selfUs.get(name) ?? 0) + (timeDeltas[index + 1] ?? 0));
  }
  return selfUs;
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  if (url === "") return functionName || "(anonymous, native)";
  const where = url.replace(/^file:\/\//, "").replace(`${process.cwd()}/`, "");
  return `${functionName || "(anonymous)"} ${where}:${lineNumber + 1}`;
}

/** Each thread is the only one that runs its file, `writer-thread.ts` or, built, `writer-thread.js`. */
function threadOf({ nodes }: Profile): string {
  const name = THREADS.find((thread) =>
    nodes.some(({ callFrame }) => callFrame.url.slice(0, -3).endsWith(`/${thread}-thread`)),
  );
  return `${name ?? "main"} thread`;
}

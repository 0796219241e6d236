/** Words that may not stand in the code, where, and what to do instead. */
import type { SourceFile } from "./files.ts";
import { place } from "./scan.ts";

interface Ban {
  readonly pattern: RegExp;
  /** `code` has no comments and no insides of strings; `source` has everything. */
  readonly in: "code" | "source";
  readonly applies: (file: SourceFile) => boolean;
  readonly instead: string;
  /** `// tidy-allow <allowance>: reason`, on the line or the one above, lifts the ban there. */
  readonly allowance?: string;
}

const everywhere = (): boolean => true;
const inTests = ({ isTest }: SourceFile): boolean => isTest;
/** The server, but for the adapters of `ports/clock.ts`. */
const inServer = ({ path, isTest }: SourceFile): boolean =>
  path.startsWith("src/") && !path.startsWith("src/clock/") && !isTest;
const TIMERS = /\b(setTimeout|setInterval)\b|\bAbortSignal\.timeout\b/g;
const TIMER_MODULES = /["'](node:)?timers(\/promises)?["']/g;

const BANS: readonly Ban[] = [
  {
    pattern:
      /\b(Date\.now|performance\.now|performance\.timeOrigin|Temporal\.Now|process\.hrtime|Math\.random)\b|\bnew Date\(\s*\)|\bnew Date\b(?!\s*\()|(?<!new )(?<![.\w$])Date\(|\brandomUUID\w*/g,
    in: "code",
    applies: inServer,
    instead: "ask the Clock that was handed in",
  },
  { pattern: TIMERS, in: "code", applies: inServer, instead: "use after() of the Clock that was handed in" },
  { pattern: TIMER_MODULES, in: "source", applies: inServer, instead: "use after() of the Clock that was handed in" },
  {
    // The end of this turn of the event loop is no time. Group commits wait for it, and so do pipelined requests.
    pattern: /\bsetImmediate\b/g,
    in: "code",
    applies: (file) => inServer(file) && !/^src\/(engine\/|store\/|api\/connections\/pipelining\.ts$)/.test(file.path),
    instead: "only the engine, the store and src/api/connections/pipelining.ts wait for the end of a turn",
  },
  {
    pattern: TIMERS,
    in: "code",
    applies: inTests,
    instead: "wait for a signal; a deadline that fails is marked `// tidy-allow timer: why`",
    allowance: "timer",
  },
  {
    pattern: TIMER_MODULES,
    in: "source",
    applies: inTests,
    instead: "wait for a signal; a deadline that fails is marked `// tidy-allow timer: why`",
    allowance: "timer",
  },
  { pattern: /(?<![.\w$])any(?![\w$(:])/g, in: "code", applies: everywhere, instead: "use unknown and narrow it" },
  {
    pattern: /@ts-(ignore|nocheck)/g,
    in: "source",
    applies: everywhere,
    instead: "mend the type; where a test needs the error, use @ts-expect-error",
  },
  {
    pattern: /\.only\(|\bonly: true\b/g,
    in: "code",
    applies: inTests,
    instead: "let all tests run",
  },
  {
    pattern: /\.(skip|todo)\(|\b(skip|todo): true\b/g,
    in: "code",
    applies: inTests,
    instead: "let the test run; one that needs what a machine may lack is marked `// tidy-allow skip: why`",
    allowance: "skip",
  },
  {
    pattern: /\b(TO[D]O|FIX[M]E|X[X]X|HAC[K])\b/g,
    in: "source",
    applies: everywhere,
    instead: "do it, or write an issue",
  },
  {
    pattern:
      /\b(?:class|interface|type|function|const|let)\s+(\w*([Mm]anager|[Hh]elpers?|[Uu]tils?|[Uu]tilities)|handleData)\b/g,
    in: "code",
    applies: everywhere,
    instead: "name it after what it does",
  },
];

const BANNED_FILE_NAME = /(^|[/.-])(utils?|utilities|helpers?|managers?|misc|common|shared|stuff)([/.-]|$)/i;

/** Banned words in one file, each with its place and what to do instead. */
export function wordFaults(file: SourceFile): readonly string[] {
  return BANS.filter(({ applies }) => applies(file)).flatMap(({ pattern, in: where, instead, allowance }) =>
    [...file[where].matchAll(pattern)]
      .filter(({ index }) => allowance === undefined || !isAllowed(file.source, index, allowance))
      .map(({ 0: word, index }) => `${place(file.path, file.source, index)} ${word.trim()}: ${instead}`),
  );
}

function isAllowed(source: string, at: number, allowance: string): boolean {
  const lineEnd = source.indexOf("\n", at);
  const lines = source.slice(0, lineEnd === -1 ? source.length : lineEnd).split("\n");
  return lines.slice(-2).some((line) => new RegExp(`// tidy-allow ${allowance}: \\S`).test(line));
}

export function nameFaults({ path }: SourceFile): readonly string[] {
  return BANNED_FILE_NAME.test(path) ? [`${path}:1 the name says nothing about what is in it`] : [];
}

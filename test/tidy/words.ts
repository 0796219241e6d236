/** Words that the code must not contain, where the ban applies, and what to do instead. */
import type { SourceFile } from "./files.ts";
import { place } from "./scan.ts";

interface Ban {
  readonly pattern: RegExp;
  /** `code` excludes comments and the contents of strings. `source` includes everything. */
  readonly in: "code" | "source";
  readonly applies: (file: SourceFile) => boolean;
  readonly instead: string;
  /** A comment `// tidy-allow <allowance>: reason` on the same line or the line above lifts the ban. */
  readonly allowance?: string;
}

const everywhere = (): boolean => true;
const inTests = ({ isTest }: SourceFile): boolean => isTest;
/** The server's code, except the adapters of `ports/clock.ts`. */
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
    instead: "use the injected Clock",
  },
  { pattern: TIMERS, in: "code", applies: inServer, instead: "use after() of the injected Clock" },
  { pattern: TIMER_MODULES, in: "source", applies: inServer, instead: "use after() of the injected Clock" },
  {
    // setImmediate() waits for the end of the event loop's turn, not for time. Group commits, pipelined requests and
    // requests for the sending thread use it.
    pattern: /\bsetImmediate\b/g,
    in: "code",
    applies: (file) =>
      inServer(file) && !/^src\/(engine\/|store\/|sender\/thread\/|api\/connections\/pipelining\.ts$)/.test(file.path),
    instead:
      "only the engine, the store, src/sender/thread and src/api/connections/pipelining.ts wait for the end of a turn",
  },
  {
    pattern: TIMERS,
    in: "code",
    applies: inTests,
    instead: "wait for a signal; mark a deadline that fails the test with `// tidy-allow timer: why`",
    allowance: "timer",
  },
  {
    pattern: TIMER_MODULES,
    in: "source",
    applies: inTests,
    instead: "wait for a signal; mark a deadline that fails the test with `// tidy-allow timer: why`",
    allowance: "timer",
  },
  { pattern: /(?<![.\w$])any(?![\w$(:])/g, in: "code", applies: everywhere, instead: "use unknown and narrow it" },
  {
    pattern: /@ts-(ignore|nocheck)/g,
    in: "source",
    applies: everywhere,
    instead: "fix the type; if a test needs the error, use @ts-expect-error",
  },
  {
    pattern: /\.only\(|\bonly: true\b/g,
    in: "code",
    applies: inTests,
    instead: "run all tests",
  },
  {
    pattern: /\.(skip|todo)\(|\b(skip|todo): true\b/g,
    in: "code",
    applies: inTests,
    instead: "run the test; if it needs something a machine may not have, mark it with `// tidy-allow skip: why`",
    allowance: "skip",
  },
  {
    pattern: /\b(TO[D]O|FIX[M]E|X[X]X|HAC[K])\b/g,
    in: "source",
    applies: everywhere,
    instead: "do it now, or open an issue",
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

/** Every banned word in a file, with its location and what to do instead. */
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
  return BANNED_FILE_NAME.test(path) ? [`${path}:1 the name says nothing about the file's content`] : [];
}

/** JSON lines on standard output. */
import { type DestinationStream, type Level, type Logger, pino } from "pino";
import { printableJson } from "../domain/text/readable.ts";
import type { Clock } from "../ports/clock.ts";

export type LogLevel = Level | "silent";
export type LogDestination = DestinationStream;

/** Lines gathered into one write, as characters. */
const GATHERED_CHARS_MAX = 32 * 1024;
/** How long a line of a quiet server is kept for company. */
const GATHERED_MS = 100;
/** What may wait to be written: standard output blocks when its reader does, and memory must stay flat. */
const BACKLOG_BYTES_MAX = 16 * 1024 * 1024;

export interface LogOptions {
  readonly level: LogLevel;
  readonly clock: Pick<Clock, "now" | "after">;
  /** Standard output when left out. */
  readonly destination?: LogDestination;
}

export interface Log {
  readonly logger: Logger;
  /** A line that is JSON already, with its line break; the caller has looked at the level. */
  write(line: string): void;
  /** Write out at once what has been gathered; when the process ends this happens by itself. */
  flush(): void;
}

export function createLog({ level, clock, destination }: LogOptions): Log {
  const gathering = gather(destination ?? standardOutput(), clock);
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":${clock.now()}`,
      formatters: { level: (label) => ({ level: label }) },
    },
    // Names come from callers, and words from networks: a terminal shows these lines as well.
    { ...gathering, write: (line: string) => gathering.write(printableJson(line)) },
  );
  return { logger, ...gathering };
}

/** Asynchronous, so that a slow reader never stops the event loop; pino writes out what waits when the process ends. */
function standardOutput(): DestinationStream {
  return pino.destination({ dest: 1, sync: false, maxLength: BACKLOG_BYTES_MAX });
}

/**
 * Hand lines on in large pieces. SonicBoom has a `minLength` of its own, but measures all that it holds on each write:
 * 2.0 µs of the main thread for an attempt's line, against 0.8 µs gathered here.
 */
function gather(destination: DestinationStream, clock: Pick<Clock, "after">) {
  let gathered = "";
  const flush = (): void => {
    if (gathered === "") return;
    const lines = gathered;
    gathered = "";
    destination.write(lines);
  };
  // Before pino's own hook, which then writes this too.
  process.prependListener("exit", flush);
  return {
    flush,
    write(line: string): void {
      if (gathered === "") clock.after(GATHERED_MS, flush);
      gathered += line;
      if (gathered.length >= GATHERED_CHARS_MAX) flush();
    },
  };
}

/** Turns what happens in the engine into log lines and metrics. */
import type { Logger } from "pino";
import type { Clock } from "../ports/clock.ts";
import type { Attempted, Noticed, Telemetry } from "../ports/telemetry.ts";
import { attemptLevel, attemptLine, withoutQueries } from "./lines.ts";
import { createLog, type LogDestination, type LogLevel } from "./log.ts";
import { followLoopDelay, type LoopDelayReader } from "./loop-delay.ts";
import { createMetrics, type GaugeSources } from "./metrics.ts";

export interface TelemetryOptions {
  readonly level: LogLevel;
  readonly version: string;
  readonly clock: Pick<Clock, "now" | "after" | "monotonicMs">;
  /** Default: standard output. */
  readonly destination?: LogDestination;
}

export interface ServerTelemetry extends Telemetry {
  /** For lines that are not about attempts or the engine: starting, stopping, refused settings. */
  readonly logger: Logger;
  /** Set the sources of the gauges, which are read at each scrape. */
  observe(sources: GaugeSources): void;
  /** The content of `/metrics`. */
  readonly metrics: { readonly contentType: string; metrics(): Promise<string> };
  /** Each reader returns the delays since its own last call. */
  newLoopDelayReader(): LoopDelayReader;
  /** Write out the buffer. This happens automatically when the process exits. */
  flush(): void;
  /** Write out everything, and wait until it is written. */
  end(): Promise<void>;
}

export function createTelemetry({ level, version, clock, destination }: TelemetryOptions): ServerTelemetry {
  const { logger, write, flush, end } = createLog({
    level,
    clock,
    ...(destination === undefined ? {} : { destination }),
  });
  const newLoopDelayReader = followLoopDelay(clock);
  const metrics = createMetrics(version, newLoopDelayReader());
  // Checked once, so that lines below the level are not built at all.
  const logs = { info: logger.isLevelEnabled("info"), warn: logger.isLevelEnabled("warn") };
  return {
    attempted(attempt: Attempted): void {
      metrics.attempted(attempt);
      if (logs[attemptLevel(attempt)]) write(attemptLine(attempt, clock.now()));
    },
    counted: metrics.counted,
    noticed({ level, what, fields }: Noticed): void {
      metrics.noticed(level);
      const safe = Object.entries(fields).map(([name, value]) => [name, cleaned(value)]);
      logger[level](Object.fromEntries(safe), what);
    },
    logger,
    observe: metrics.observe,
    metrics: { contentType: metrics.contentType, metrics: metrics.text },
    newLoopDelayReader,
    flush,
    end,
  };
}

function cleaned(value: string | number | boolean | null): string | number | boolean | null {
  return typeof value === "string" ? withoutQueries(value) : value;
}

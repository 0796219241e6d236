/** What the API depends on. The composition root provides it. */

import type { EpochMs } from "../domain/ids.ts";
import type { Engine } from "../engine/engine-types.ts";
import type { Clock } from "../ports/clock.ts";
import type { Telemetry } from "../ports/telemetry.ts";

export interface ApiDeps {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly version: string;
  /** Without a trailing slash. Call it for each request: a free port is known only once the server listens. */
  readonly publicUrl: () => string;
  /** Whether endpoints may have `http:` URLs. */
  readonly allowHttp: boolean;
  /** Addresses and networks of proxies whose `X-Forwarded-For` is trusted. */
  readonly trustProxy: readonly string[];
  readonly telemetry: Pick<Telemetry, "noticed">;
  /** The settings in force, without secrets. */
  readonly settings: readonly ShownSetting[];
  /** The process, as `/v1/status` shows it. */
  readonly process: ProcessStatus;
  /** The content of `/metrics`, such as a registry of `prom-client`. */
  readonly metrics?: MetricsText;
}

export interface ShownSetting {
  /** The name of the environment variable. */
  readonly name: string;
  /** Null: not set. A secret is `set`. */
  readonly value: string | null;
}

export interface ProcessStatus {
  readonly startedAt: EpochMs;
  memoryBytes(): number;
  /** How late the event loop was since the last call, in milliseconds. */
  loopDelayMs(): { readonly p50: number; readonly p99: number; readonly max: number };
  /** The disk that the store is on. Rejects if it cannot be read. */
  disk(): Promise<{ readonly freeBytes: number; readonly totalBytes: number } | null>;
}

export interface MetricsText {
  readonly contentType: string;
  metrics(): Promise<string>;
}

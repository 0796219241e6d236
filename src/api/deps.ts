/** What the surfaces are built from; the composition root fills it. */
import type { Engine } from "../engine/engine-types.ts";
import type { Clock } from "../ports/clock.ts";
import type { Telemetry } from "../ports/telemetry.ts";

export interface ApiDeps {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly version: string;
  /** Without a slash at its end. */
  readonly publicUrl: string;
  /** Whether the URLs of endpoints may be `http:`. */
  readonly allowHttp: boolean;
  /** Addresses and networks whose `X-Forwarded-For` is believed. */
  readonly trustProxy: readonly string[];
  readonly telemetry: Pick<Telemetry, "noticed">;
  /** What `/metrics` shows; a registry of `prom-client` fits. */
  readonly metrics?: MetricsText;
}

export interface MetricsText {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/** What the API depends on. The composition root provides it. */
import type { Engine } from "../engine/engine-types.ts";
import type { Clock } from "../ports/clock.ts";
import type { Telemetry } from "../ports/telemetry.ts";

export interface ApiDeps {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly version: string;
  /** Without a trailing slash. */
  readonly publicUrl: string;
  /** Whether endpoints may have `http:` URLs. */
  readonly allowHttp: boolean;
  /** Addresses and networks of proxies whose `X-Forwarded-For` is trusted. */
  readonly trustProxy: readonly string[];
  readonly telemetry: Pick<Telemetry, "noticed">;
  /** The content of `/metrics`, such as a registry of `prom-client`. */
  readonly metrics?: MetricsText;
}

export interface MetricsText {
  readonly contentType: string;
  metrics(): Promise<string>;
}

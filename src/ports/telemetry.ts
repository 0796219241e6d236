import type { AttemptOutcome, Classification } from "../domain/delivery/delivery.ts";
import type { Uuid } from "../domain/ids.ts";

/** The engine reports events here; `telemetry/` turns them into log lines and metrics. */
export interface Telemetry {
  attempted(happening: Attempted): void;
  /** An event was accepted and has this many deliveries. */
  published(deliveries: number): void;
  /** Anything other than an attempt that deserves a log line. */
  noticed(happening: Noticed): void;
}

/** One attempt: one wide log line. */
export interface Attempted {
  readonly deliveryId: Uuid;
  readonly eventId: Uuid;
  readonly endpointId: Uuid;
  readonly tenantId: Uuid;
  readonly eventType: string;
  readonly attemptNumber: number;
  readonly outcome: AttemptOutcome;
  readonly classification: Classification;
  readonly httpStatus: number | null;
  readonly errorDetail: string | null;
  readonly latencyMs: number;
  /** From the publish to the end of this attempt. */
  readonly ageMs: number;
  readonly state: string;
}

export interface Noticed {
  readonly level: "debug" | "info" | "warn" | "error";
  /** A stable name, for searching. */
  readonly what: string;
  readonly fields: Readonly<Record<string, string | number | boolean | null>>;
}

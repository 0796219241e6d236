import type { AttemptOutcome, Classification } from "../domain/delivery/delivery.ts";
import type { Uuid } from "../domain/ids.ts";

/** Where the engine says what happened; `telemetry/` makes log lines and metrics of it. */
export interface Telemetry {
  attempted(happening: Attempted): void;
  /** An event was accepted with this many deliveries. */
  published(deliveries: number): void;
  /** Something worth a line that is nobody's attempt. */
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
  /** From publish to the end of this attempt. */
  readonly ageMs: number;
  readonly state: string;
}

export interface Noticed {
  readonly level: "debug" | "info" | "warn" | "error";
  /** A stable name, for searching. */
  readonly what: string;
  readonly fields: Readonly<Record<string, string | number | boolean | null>>;
}

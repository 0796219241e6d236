import type { AttemptOutcome, Classification } from "../domain/delivery/delivery.ts";
import type { TraceContext } from "../domain/delivery/trace-context.ts";
import type { Uuid } from "../domain/ids.ts";
import type { Rejection } from "../domain/inbound/request.ts";
import type { Channel } from "../domain/pauses/pause.ts";

/** The engine reports events here; `telemetry/` turns them into log lines and metrics. */
export interface Telemetry {
  attempted(happening: Attempted): void;
  /** Something that only the metrics show. */
  counted(happening: Counted): void;
  /** Anything other than an attempt that deserves a log line. */
  noticed(happening: Noticed): void;
  /** Absent unless somebody collects spans. */
  readonly tracing?: Tracing;
}

/** Spans. Each has the context that what it causes is part of. */
export interface Tracing {
  /** @param parent what came with the publish */
  startPublish(eventType: string, parent: TraceContext | null): PublishSpan;
  startAttempt(attempt: AttemptStarted): AttemptSpan;
}

export interface PublishSpan {
  readonly trace: TraceContext;
  /** `kind` is `accepted`, or why the event was not. */
  end(
    result:
      | { readonly kind: "accepted"; readonly eventId: Uuid; readonly deliveries: number }
      | { readonly kind: Refused },
  ): void;
}

type Refused = "conflict" | "unknownEndpoints" | "tooManyTargets" | "backlogFull" | "quotaExceeded" | "error";

export interface AttemptSpan {
  readonly trace: TraceContext;
  end(result: { readonly classification: Classification | "aborted"; readonly httpStatus: number | null }): void;
}

export interface AttemptStarted {
  readonly url: string;
  readonly deliveryId: Uuid;
  readonly eventId: Uuid;
  readonly endpointId: Uuid;
  readonly eventType: string;
  readonly attemptNumber: number;
  /** That of the event. */
  readonly trace: TraceContext | null;
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

export type Counted =
  /** A request arrived at a public route for webhooks, and was verified. `limited`: it was not even verified. */
  | { readonly what: "inbound"; readonly outcome: "accepted" | "duplicate" | "challenge" | "over_quota" | "limited" }
  | { readonly what: "inbound"; readonly outcome: "refused"; readonly reason: Rejection }
  /** Somebody processed a stored request again. */
  | { readonly what: "reprocessed"; readonly outcome: "published" | "failed" | "duplicate" }
  /** A person answered a pause. */
  | { readonly what: "answer"; readonly afterMs: number }
  /** A try to notify a person of a pause ended. */
  | { readonly what: "notification"; readonly channel: Channel; readonly outcome: "sent" | "retried" | "failed" };

export interface Noticed {
  readonly level: "debug" | "info" | "warn" | "error";
  /** A stable name, for searching. */
  readonly what: string;
  readonly fields: Readonly<Record<string, string | number | boolean | null>>;
}

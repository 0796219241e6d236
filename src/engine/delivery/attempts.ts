/** One attempt: render, send, decide, settle. */
import { type LeasedDelivery, type Outcome, type Transition, transition } from "../../domain/delivery/delivery.ts";
import type { Destination } from "../../domain/endpoints/endpoint.ts";
import { type HmacSha256, renderBody, renderHeaders } from "../../domain/formats/index.ts";
import type { EpochMs } from "../../domain/ids.ts";
import { ERROR_DETAIL_CHARS_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Sender } from "../../ports/sender.ts";
import type { AttemptRecord } from "../../ports/store.ts";
import type { Telemetry } from "../../ports/telemetry.ts";

export interface Attempts {
  /** Never rejects. Null: it was aborted, and is not spent. */
  make(delivery: Attemptable, endpoint: Destination, heldMs: number): Promise<AttemptMade | null>;
}

/** What of a delivery an attempt depends on. */
export type Attemptable = Omit<LeasedDelivery, "seq" | "token" | "endpointSeq" | "createdAt" | "ordered">;

export interface AttemptMade {
  readonly attempt: AttemptRecord;
  readonly transition: Transition;
}

export interface AttemptsOptions {
  readonly clock: Clock;
  readonly sender: Sender;
  readonly telemetry: Telemetry;
  readonly hmac: HmacSha256;
  readonly userAgent: string;
}

export function createAttempts({ clock, sender, telemetry, hmac, userAgent }: AttemptsOptions): Attempts {
  async function send(delivery: Attemptable, endpoint: Destination): Promise<Outcome> {
    try {
      const body = renderBody(delivery.format, delivery.event);
      const headers = renderHeaders({
        format: delivery.format,
        event: delivery.event,
        deliveryId: delivery.id,
        attemptNumber: delivery.attempts + 1,
        secrets: endpoint.secrets,
        customHeaders: endpoint.headers,
        // The wall clock, which may be behind ours: the receiver compares it with its own.
        now: clock.wallMs(),
        body,
        userAgent,
        hmac,
      });
      const { tenantId: owner } = delivery.event;
      return await sender.send({ url: endpoint.url, owner, headers, body, timeoutMs: endpoint.timeoutSeconds * 1000 });
    } catch (error) {
      return { kind: "internal_error", detail: error instanceof Error ? error.message : String(error) };
    }
  }

  return {
    async make(delivery, endpoint, heldMs) {
      const startedAt = clock.now();
      const outcome = await send(delivery, endpoint);
      if (outcome.kind === "aborted") return null;
      const endedAt = clock.now();
      const rules = { retryScheduleSeconds: endpoint.retryScheduleSeconds, heldMs };
      const made: AttemptMade = {
        attempt: record(delivery, endpoint, outcome, { id: clock.uuid(), startedAt, endedAt }),
        transition: transition(delivery, outcome, rules, endedAt, clock.random()),
      };
      tell(telemetry, delivery, endpoint, made);
      return made;
    },
  };
}

type Frame = Pick<AttemptRecord, "id" | "startedAt" | "endedAt">;

function record(
  delivery: Attemptable,
  endpoint: Destination,
  outcome: Exclude<Outcome, { kind: "aborted" }>,
  frame: Frame,
): AttemptRecord {
  const answered = outcome.kind === "answered";
  return {
    ...frame,
    number: delivery.attempts + 1,
    httpStatus: answered ? outcome.httpStatus : null,
    snippet: answered && outcome.snippet !== "" ? outcome.snippet : null,
    errorDetail: answered ? null : outcome.detail.slice(0, ERROR_DETAIL_CHARS_MAX),
    url: endpoint.url,
  };
}

function tell(telemetry: Telemetry, delivery: Attemptable, endpoint: Destination, made: AttemptMade): void {
  const { attempt } = made;
  telemetry.attempted({
    deliveryId: delivery.id,
    eventId: delivery.event.id,
    endpointId: endpoint.id,
    tenantId: endpoint.tenantId,
    eventType: delivery.event.type,
    attemptNumber: attempt.number,
    outcome: made.transition.outcome,
    classification: made.transition.classification,
    httpStatus: attempt.httpStatus,
    errorDetail: attempt.errorDetail,
    latencyMs: attempt.endedAt - attempt.startedAt,
    ageMs: age(attempt.endedAt, delivery.event.acceptedAt),
    state: made.transition.next.state,
  });
}

function age(now: EpochMs, acceptedAt: EpochMs): number {
  return Math.max(0, now - acceptedAt);
}

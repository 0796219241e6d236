/** Makes one attempt: render the request, send it, and decide what its outcome means for the delivery. */
import { type LeasedDelivery, type Outcome, type Transition, transition } from "../../domain/delivery/delivery.ts";
import { timingsText } from "../../domain/delivery/timings.ts";
import type { Destination } from "../../domain/endpoints/endpoint.ts";
import { VIA } from "../../domain/endpoints/listener-url.ts";
import { redactHeaderValues } from "../../domain/endpoints/redact.ts";
import { type HmacSha256, renderBody, renderHeaders } from "../../domain/formats/index.ts";
import type { EpochMs } from "../../domain/ids.ts";
import { ERROR_DETAIL_CHARS_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Sender, StreamedAttempt } from "../../ports/sender.ts";
import type { AttemptRecord } from "../../ports/store.ts";
import type { AttemptStarted, Telemetry } from "../../ports/telemetry.ts";
import type { AttemptTokens } from "../endpoints/attempt-tokens.ts";

/** The parts of a delivery that an attempt depends on. */
export type Attemptable = Pick<
  LeasedDelivery,
  "id" | "event" | "format" | "attempts" | "runAttempts" | "runFirstActiveMs" | "token"
> & {
  /** A test: its token is no lease. */
  readonly isTest?: boolean;
};

export interface AttemptMade {
  readonly attempt: AttemptRecord;
  readonly transition: Transition;
}

export interface AttemptsOptions {
  readonly clock: Pick<Clock, "now" | "wallMs" | "uuid" | "random">;
  readonly sender: Pick<Sender, "send">;
  readonly telemetry: Pick<Telemetry, "attempted" | "tracing">;
  readonly tokens: Pick<AttemptTokens, "seal">;
  readonly hmac: HmacSha256;
  readonly userAgent: string;
}

export class Attempts {
  readonly #options: AttemptsOptions;

  constructor(options: AttemptsOptions) {
    this.#options = options;
  }

  /**
   * Make one attempt. Never rejects.
   *
   * @param heldMs how long the endpoint had been held before its present active time
   * @returns null if the attempt was aborted: it does not count
   */
  async make(delivery: Attemptable, endpoint: Destination, heldMs: number): Promise<AttemptMade | null> {
    const { clock, telemetry } = this.#options;
    const sentAt = clock.now();
    const span = telemetry.tracing?.startAttempt(started(delivery, endpoint));
    const traced = span === undefined ? delivery : { ...delivery, event: { ...delivery.event, trace: span.trace } };
    const outcome = await this.#send(traced, endpoint);
    if (outcome.kind === "aborted") {
      span?.end({ classification: "aborted", httpStatus: null });
      return null;
    }
    const endedAt = clock.now();
    const startedAt = Math.min(sentAt + queuedMsOf(outcome), endedAt);
    const rules = { retryScheduleSeconds: endpoint.retryScheduleSeconds, heldMs };
    const made: AttemptMade = {
      attempt: record(delivery, endpoint, outcome, { id: clock.uuid(), startedAt, endedAt }),
      transition: transition(delivery, outcome, rules, endedAt, clock.random()),
    };
    span?.end({ classification: made.transition.classification, httpStatus: made.attempt.httpStatus });
    report(telemetry, delivery, endpoint, made);
    return made;
  }

  async #send(delivery: Attemptable, endpoint: Destination): Promise<Outcome> {
    const { clock, sender, hmac, userAgent } = this.#options;
    try {
      const body = renderBody(delivery.format, delivery.event);
      const headers = renderHeaders({
        format: delivery.format,
        event: delivery.event,
        deliveryId: delivery.id,
        attemptNumber: delivery.attempts + 1,
        secrets: endpoint.secrets,
        customHeaders: endpoint.headers,
        // The wall clock, which may be behind `now`: the receiver compares it with its own clock.
        now: clock.wallMs(),
        body,
        userAgent,
        hmac,
      });
      const { tenantId: owner } = delivery.event;
      const oneByOne = endpoint.ordered || endpoint.maxInFlight === 1;
      const request = { url: endpoint.url, owner, headers, body, timeoutMs: endpoint.timeoutSeconds * 1000, oneByOne };
      if (endpoint.transport === "http") return await sender.send(request);
      return await sender.send({ ...request, streamed: this.#streamed(delivery, endpoint) });
    } catch (error) {
      return { kind: "internal_error", detail: error instanceof Error ? error.message : String(error) };
    }
  }

  #streamed({ id, event, token, attempts, isTest = false }: Attemptable, endpoint: Destination): StreamedAttempt {
    return {
      endpointSeq: endpoint.seq,
      token: this.#options.tokens.seal(token, isTest),
      deliveryId: id,
      eventId: event.id,
      eventType: event.type,
      number: attempts + 1,
      maxInFlight: endpoint.maxInFlight,
      isTest,
    };
  }
}

/** The attempt of a listener's reader names the reader after the listener. */
function urlOf({ url }: Destination, via: string | undefined): string {
  return via === undefined ? url : `${url}${VIA}${via}`;
}

function started(delivery: Attemptable, { id: endpointId, url }: Destination): AttemptStarted {
  const { id: eventId, type: eventType, trace = null } = delivery.event;
  return { url, deliveryId: delivery.id, eventId, endpointId, eventType, attemptNumber: delivery.attempts + 1, trace };
}

/** How long a listener's reader had the attempt before it started it. */
function queuedMsOf(outcome: Outcome): number {
  return outcome.kind === "answered" || outcome.kind === "unreachable" ? (outcome.queuedMs ?? 0) : 0;
}

type Frame = Pick<AttemptRecord, "id" | "startedAt" | "endedAt">;

function record(
  delivery: Attemptable,
  endpoint: Destination,
  outcome: Exclude<Outcome, { kind: "aborted" }>,
  frame: Frame,
): AttemptRecord {
  const answered = outcome.kind === "answered";
  const timings = answered || outcome.kind === "unreachable" ? outcome.timings : undefined;
  return {
    ...frame,
    number: delivery.attempts + 1,
    httpStatus: answered ? outcome.httpStatus : null,
    // `||`: an empty text is stored as null.
    snippet: (answered && redactHeaderValues(outcome.snippet, endpoint.headers)) || null,
    errorDetail: answered ? null : outcome.detail.slice(0, ERROR_DETAIL_CHARS_MAX),
    url: urlOf(endpoint, answered || outcome.kind === "unreachable" ? outcome.via : undefined),
    responseHeaders: (answered && outcome.headers && redactHeaderValues(outcome.headers, endpoint.headers)) || null,
    timings: (timings && timingsText(timings)) || null,
  };
}

function report(
  telemetry: AttemptsOptions["telemetry"],
  delivery: Attemptable,
  endpoint: Destination,
  { attempt, transition: decided }: AttemptMade,
): void {
  telemetry.attempted({
    deliveryId: delivery.id,
    eventId: delivery.event.id,
    endpointId: endpoint.id,
    tenantId: endpoint.tenantId,
    eventType: delivery.event.type,
    attemptNumber: attempt.number,
    outcome: decided.outcome,
    classification: decided.classification,
    httpStatus: attempt.httpStatus,
    errorDetail: attempt.errorDetail,
    latencyMs: attempt.endedAt - attempt.startedAt,
    ageMs: age(attempt.endedAt, delivery.event.acceptedAt),
    state: decided.next.state,
  });
}

function age(now: EpochMs, acceptedAt: EpochMs): number {
  return Math.max(0, now - acceptedAt);
}

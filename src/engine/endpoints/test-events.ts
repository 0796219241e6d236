/** Test events: sent on request, whatever the endpoint's status, and never retried. */
import { statusHint } from "../../domain/delivery/attempt-error.ts";
import type { Event } from "../../domain/delivery/event.ts";
import { parseTimings } from "../../domain/delivery/timings.ts";
import type { Endpoint, Format } from "../../domain/endpoints/endpoint.ts";
import type { Uuid } from "../../domain/ids.ts";
import { TESTS_IN_FLIGHT_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AttemptReaders } from "../../ports/sender.ts";
import type { Store } from "../../ports/store.ts";
import type { Caller } from "../access/caller.ts";
import type { AttemptMade, Attempts } from "../delivery/attempts.ts";
import type { Deliveries } from "../delivery/deliveries.ts";
import type { Tokens } from "../delivery/lease-tokens.ts";
import { attemptShownTo } from "../history/agent-view.ts";
import type { TestContent, TestOutput } from "./endpoint-types.ts";

export interface TestEventsOptions {
  readonly clock: Clock;
  readonly store: Pick<Store, "recordTest" | "getEvent" | "findReaders">;
  readonly deliveries: Pick<Deliveries, "countAsAttempt">;
  readonly attempts: Attempts;
  readonly tokens: Pick<Tokens, "next">;
  readonly readers: Pick<AttemptReaders, "isRead">;
}

const TOO_MANY_TESTS = notSent("Too many tests are being sent; try again in a moment.");
const NOBODY_LISTENS = notSent("Nobody listens to this listener. Start the program that reads it, and try again.");
const LISTENS_ELSEWHERE = notSent(
  "The program that listens is connected to another node, and a test reaches only the program of the node that gets it. Try again, or publish an event.",
);
const STOPPING = notSent("The server is stopping; try again in a moment.");

export class TestEvents {
  readonly #options: TestEventsOptions;
  #inFlight = 0;

  constructor(options: TestEventsOptions) {
    this.#options = options;
  }

  /** Send a test event and wait for the result. */
  async send(caller: Caller, endpoint: Endpoint, content: TestContent): Promise<TestOutput | "unknownEvent"> {
    const event = await this.#eventOf(caller, endpoint.format, content);
    if (event === null) return "unknownEvent";
    if (endpoint.transport === "stream" && !this.#options.readers.isRead(endpoint.seq)) return this.#unread(endpoint);
    if (this.#inFlight >= TESTS_IN_FLIGHT_MAX) return TOO_MANY_TESTS;
    this.#inFlight += 1;
    try {
      return await this.#options.deliveries.countAsAttempt(this.#attempt(caller, endpoint, event));
    } finally {
      this.#inFlight -= 1;
    }
  }

  async #unread({ seq }: Endpoint): Promise<TestOutput> {
    const [reader] = await this.#options.store.findReaders([seq]);
    return reader === undefined || reader.connection === null ? NOBODY_LISTENS : LISTENS_ELSEWHERE;
  }

  /** Null when the tenant has no such event. */
  async #eventOf({ tenantId, tenantSeq }: Caller, format: Format, content: TestContent): Promise<Event | null> {
    const { clock, store } = this.#options;
    const base = { id: clock.uuid(), tenantId, acceptedAt: clock.now() };
    if (content.kind === "own") {
      const payload = content.payload ?? JSON.stringify({ message: messageOf(format) });
      return { ...base, type: content.type ?? TEST_TYPE, payload, pauseId: null };
    }
    const found = await store.getEvent(tenantSeq, content.eventId);
    return found === null ? null : { ...base, type: found.type, payload: found.payload, pauseId: found.pauseId };
  }

  async #attempt(caller: Caller, endpoint: Endpoint, event: Event): Promise<TestOutput> {
    const { attempts, clock, store } = this.#options;
    const { format } = endpoint;
    const id = clock.uuid();
    const token = this.#options.tokens.next();
    const delivery = { id, event, format, token, isTest: true, attempts: 0, runAttempts: 0, runFirstActiveMs: null };
    // Without a retry schedule, so that the result is final.
    const made = await attempts.make(delivery, { ...endpoint, retryScheduleSeconds: [] }, 0);
    if (made === null) return endpoint.transport === "stream" ? NOBODY_LISTENS : STOPPING;
    const { tenantSeq } = caller;
    await store.recordTest({ tenantSeq, endpointSeq: endpoint.seq, event, deliveryId: id, format, ...made });
    return answerOf(id, { ...made, attempt: attemptShownTo(caller, made.attempt) });
  }
}

const TEST_TYPE = "test";

/** Format `pacspace` has the wording of the API that it is compatible with. */
function messageOf(format: Format): string {
  return `This is a test webhook event from ${format === "pacspace" ? "PacSpace" : "Signalbox"}.`;
}

function answerOf(deliveryId: Uuid, { attempt, transition }: AttemptMade): TestOutput {
  const { httpStatus, errorDetail, timings } = attempt;
  const sent = {
    deliveryId,
    latencyMs: attempt.endedAt - attempt.startedAt,
    timings: timings === null ? null : parseTimings(timings),
    responseHeaders: attempt.responseHeaders,
    responseBody: attempt.snippet,
  };
  if (transition.outcome === "SUCCESS") {
    return { success: true, httpStatus, message: "Test event sent successfully.", sent };
  }
  const why =
    httpStatus === null
      ? `no response: ${errorDetail} (${transition.classification})`
      : `the receiver answered HTTP ${httpStatus}; ${statusHint(httpStatus) ?? "only a 2xx counts as received"}`;
  return { success: false, httpStatus, message: `Test event failed: ${why}.`, sent };
}

function notSent(message: string): TestOutput {
  return { success: false, httpStatus: null, message, sent: null };
}

/** Explains a delivery from its acceptance to what happens next, by the rules that decide it. */
import { attemptError } from "../../../domain/delivery/attempt-error.ts";
import { runLifetimeMs, type TerminalReason } from "../../../domain/delivery/delivery.ts";
import { matchingFilter } from "../../../domain/delivery/event.ts";
import type { EpochMs } from "../../../domain/ids.ts";
import type { AttemptRow, DeliveryFacts } from "../../../ports/store.ts";
import { explainWaiting } from "./explain-waiting.ts";
import { count, duration, type Fact } from "./fact.ts";
import { pastWait } from "./waits.ts";

const DAY_MS = 86_400_000;

/** In the order in which things happened; what is to come is last. */
export function explainDelivery(facts: DeliveryFacts, now: EpochMs): Fact[] {
  const { row } = facts;
  const past = [accepted(facts), matched(facts), ...attempts(facts)];
  return row.endedAt === null ? [...past, ...explainWaiting(facts, now)] : [...past, ended(facts, row.endedAt)];
}

function accepted({ event }: DeliveryFacts): Fact {
  return {
    at: event.acceptedAt,
    rule: "accepted",
    sentence: `The event ${event.type} was accepted.`,
    refs: { eventId: event.id },
  };
}

/** Why the endpoint got a delivery. */
function matched({ row, event, named, later, endpoint, atPublish }: DeliveryFacts): Fact {
  const { name } = endpoint;
  const refs = { endpointId: row.endpointId };
  const at = row.createdAt;
  if (later) {
    const sentence = `A replay or a recovery created this delivery for ${name} after the event.`;
    return { at, rule: "replayed", sentence, refs };
  }
  if (event.type === "test") {
    const sentence = `Somebody tested ${name}. A test is sent at once, whatever the endpoint's status and filters.`;
    return { at, rule: "test", sentence, refs };
  }
  if (named) {
    const sentence = `The publisher named ${name}, so its filters did not matter.`;
    return { at, rule: "named", sentence, refs };
  }
  const filters = atPublish?.filters ?? null;
  const filter = filters === null ? null : matchingFilter(filters, event.type);
  if (filter === null) {
    return { at, rule: "matched", sentence: `${name} had no filter, so it got events of every type.`, refs };
  }
  const sentence = `${event.type} matches ${filter}, a filter of ${name}.`;
  return { at, rule: "matched", sentence, refs: { ...refs, filter } };
}

/** The attempts, and what the delivery waited for between them. */
function attempts(facts: DeliveryFacts): Fact[] {
  return facts.attempts.flatMap((attempt, index) => {
    const previous = facts.attempts[index - 1];
    const before = previous === undefined ? [] : between(facts, previous, attempt);
    return [...before, attemptFact(attempt)];
  });
}

function attemptFact(attempt: AttemptRow): Fact {
  const { number, startedAt, endedAt, httpStatus } = attempt;
  const took = duration(endedAt - startedAt);
  const error = attemptError(attempt);
  const sentence =
    error === null
      ? `Attempt ${number} succeeded: HTTP ${httpStatus} after ${took}.`
      : `Attempt ${number} failed after ${took}: ${error}.`;
  return { at: startedAt, rule: "attempt", sentence, refs: { attemptNumber: number } };
}

function between(facts: DeliveryFacts, previous: AttemptRow, next: AttemptRow): Fact[] {
  const { runStartedAt, attemptsBeforeRun } = facts;
  // Only the beginning of the latest run is known, so earlier waits are not compared with the schedule.
  if (next.number <= attemptsBeforeRun) return [];
  if (previous.number > attemptsBeforeRun) return [pastWait(facts, previous, next)];
  return runStartedAt === null ? [] : [runBegan(runStartedAt)];
}

function runBegan(at: EpochMs): Fact {
  const sentence = "A caller retried or recovered the delivery, so its whole retry schedule began again.";
  return { at, rule: "retried", sentence, refs: {} };
}

function ended({ row, endpoint }: DeliveryFacts, at: EpochMs): Fact {
  return { at, rule: "ended", sentence: endSentence(row.reason, endpoint.retryScheduleSeconds), refs: {} };
}

function endSentence(reason: TerminalReason | null, scheduleSeconds: readonly number[]): string {
  switch (reason) {
    case null:
    case "delivered":
      return "The delivery ended DELIVERED.";
    case "attempts_exhausted":
      return scheduleSeconds.length === 0
        ? "The delivery ended FAILED: its endpoint has no retries."
        : `The delivery ended FAILED: it used up its retries. The endpoint's schedule has ${count(scheduleSeconds.length, "retry", "retries")}.`;
    case "gone":
      return "The delivery ended FAILED: the receiver answered 410, which also disabled the endpoint.";
    case "crashed":
      return "The delivery ended FAILED: sending it ended the server's process again and again.";
    case "cancelled":
      return "The delivery ended CANCELLED: a caller cancelled it.";
    case "endpoint_deleted":
      return "The delivery ended CANCELLED: its endpoint was deleted.";
    case "listener_full":
      return "The delivery ended CANCELLED: nobody listened, and too many newer deliveries waited.";
    case "expired": {
      const days = Math.round(runLifetimeMs(scheduleSeconds) / DAY_MS);
      return `The delivery ended EXPIRED: its next attempt would have come more than ${count(days, "day")} after its first one.`;
    }
  }
}
